#include "muster/signed_client.h"

#include <chrono>

#include <fmt/format.h>

#include "muster/answer.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

constexpr std::chrono::minutes kTokenLife{10};  // as `az iot dps` makes them (service-api.md 1.2)

}  // namespace

SignedClient::SignedClient(wire::ConnectionString connection, std::string api_version, HttpSend send,
                           const Clock& clock)
    : connection_(std::move(connection)), api_version_(std::move(api_version)), send_(std::move(send)), clock_(clock) {
}

Result<HttpResponse> SignedClient::send(const Call& call) const {
  const std::string_view separator = call.path.contains('?') ? "&" : "?";
  HttpRequest request{
      .method = call.method,
      .url = fmt::format("https://{}{}{}api-version={}", connection_.host_name, call.path, separator, api_version_),
      .headers = {{"Accept", call.accept}},
      .body = call.body};
  // The port is no part of the resource: services compare the host only (service-api.md 1.2).
  request.headers.emplace_back("Authorization",
                               wire::make_sas_token(without_port(connection_.host_name), connection_.key,
                                                    clock_.now() + kTokenLife, connection_.key_name));
  if (!call.body.empty() && !call.content_type.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  return send_(request);
}

Result<boost::json::value> SignedClient::fetch(const Call& call) const {
  auto response = send(call);
  if (!response) return std::unexpected(response.error());
  return json_from(*response);
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  const bool inside_brackets = host.ends_with(']');
  return colon == std::string_view::npos || inside_brackets ? host : host.substr(0, colon);
}

HttpHeaders if_match(std::string_view etag) {
  if (etag.empty()) return {};
  return {{"If-Match", std::string(etag)}};
}

std::string etag_of(const boost::json::value& resource) {
  const auto* object = resource.if_object();
  const auto* etag = object == nullptr ? nullptr : object->if_contains("etag");
  const auto* text = etag == nullptr ? nullptr : etag->if_string();
  return text == nullptr ? "" : std::string(*text);
}

}  // namespace muster::cli
