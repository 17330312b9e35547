#include "server/api/device_api.h"

#include <utility>

#include <fmt/format.h>

namespace muster::server {
namespace {

provisioning::Evidence evidence_of(const HttpRequest& request) {
  if (const auto header = request.header("Authorization")) return provisioning::SasEvidence{std::string(*header)};
  if (request.client) return provisioning::CertificateEvidence{request.client->leaf, request.client->chain};
  return provisioning::NoEvidence{};
}

DeviceCall device_call(const ApiCall& call) {
  return {.id_scope = call.arguments[0],
          .host = std::string(call.request.header("Host").value_or("")),
          .request = {.registration_id = call.arguments[1],
                      .evidence = evidence_of(call.request),
                      .api_version = std::string(call.target.parameter("api-version").value_or("")),
                      .transport = "http",
                      .peer_address = call.request.peer_address,
                      .tracking_id = call.tracking_id,
                      .at = call.at}};
}

ApiResult to_response(DeviceResult result) {
  if (!result) return std::unexpected(std::move(result.error()));
  HttpResponse response = json_response(result->status, std::move(result->body));
  if (result->retry_after) {
    response.headers.emplace_back("Retry-After", std::to_string(result->retry_after->count()));
  }
  return response;
}

}  // namespace

std::vector<Route> DeviceApi::routes() {
  return {
      {"PUT",
       {"{}", "registrations", "{}", "register"},
       std::nullopt,
       [this](const ApiCall& call) { return register_device(call); }},
      {"GET",
       {"{}", "registrations", "{}", "operations", "{}"},
       std::nullopt,
       [this](const ApiCall& call) { return operation_status(call); }},
      {"POST", {"{}", "registrations", "{}"}, std::nullopt, [this](const ApiCall& call) { return look_up(call); }},
  };
}

Task<ApiResult> DeviceApi::register_device(const ApiCall& call) {
  ApiResult result = to_response(co_await devices_.register_device(device_call(call), call.request.body));
  if (result && result->status != 401) {  // a challenge is no place to come back to
    result->headers.emplace_back(
        "Location", fmt::format("https://{}/{}/registrations/{}/register", call.request.header("Host").value_or(""),
                                call.arguments[0], call.arguments[1]));
  }
  co_return result;
}

Task<ApiResult> DeviceApi::operation_status(const ApiCall& call) {
  co_return to_response(co_await devices_.operation_status(device_call(call), call.arguments[2]));
}

Task<ApiResult> DeviceApi::look_up(const ApiCall& call) {
  co_return to_response(co_await devices_.look_up(device_call(call), call.request.body));
}

}  // namespace muster::server
