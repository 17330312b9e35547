#include "server/hub_api/method_api.h"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "hub/method_json.h"
#include "model/json.h"
#include "server/api/api_call.h"

namespace muster::server {
namespace {

namespace json = boost::json;

/// What methods are answered with has its own envelope: an error body within the text (hub-api.md 1.8).
HttpResponse fault_response(const HubError& error, const HubCall& call) {
  const json::object inner{{"errorCode", error.number},
                           {"message", error.message},
                           {"trackingId", call.tracking_id},
                           {"timestampUtc", format_time(call.at)},
                           {"info", json::object()}};
  HttpResponse response = json_response(
      error.status, json::serialize(json::object{{"Message", json::serialize(inner)}, {"ExceptionMessage", ""}}));
  response.headers.emplace_back("iothub-errorcode", error.name);
  return response;
}

HubError fault_of(hub::MethodFault fault, const std::string& device_id) {
  if (fault == hub::MethodFault::kOffline) return {404, 404103, "DeviceNotOnline", hub::describe(fault, device_id)};
  return {504, 504101, "GatewayTimeout", hub::describe(fault, device_id)};
}

}  // namespace

std::vector<HubRoute> MethodApi::routes() {
  return {{"POST", {"twins", "{}", "methods"}, {model::HubRight::kServiceConnect}, [this](const HubCall& call) {
             return invoke(call);
           }}};
}

Task<HubResult> MethodApi::invoke(const HubCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse_hub(body.error());
  auto method = hub::read_method_call(*body);
  if (!method) co_return fault_response(to_hub_error(method.error()), call);
  const std::string& device_id = call.arguments[0];
  if (const auto device = co_await registry_.get(call.hub, device_id); !device) {
    co_return fault_response(to_hub_error(device.error()), call);
  }
  const auto outcome = co_await methods_.invoke(call.hub, device_id, *std::move(method));
  if (!outcome) co_return fault_response(fault_of(outcome.error(), device_id), call);
  co_return json_response(200, json::serialize(hub::method_answer_to_json(*outcome)));
}

}  // namespace muster::server
