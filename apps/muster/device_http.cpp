#include "muster/device_http.h"

#include <fmt/format.h>

#include "muster/answer.h"
#include "wire/percent.h"

namespace muster::cli {

Result<DeviceAnswer> HttpDevice::request_registration(const std::string& body) {
  auto put = request("PUT", "register");
  if (!put) return std::unexpected(put.error());
  put->headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  put->body = body;
  return send(*put);
}

Result<DeviceAnswer> HttpDevice::ask_status(const std::string& operation_id) {
  const auto get = request("GET", "operations/" + wire::percent_encode(operation_id));
  if (!get) return std::unexpected(get.error());
  return send(*get);
}

Result<HttpRequest> HttpDevice::request(std::string method, std::string_view action) const {
  HttpRequest out{
      .method = std::move(method),
      .url = fmt::format("https://{}/{}/registrations/{}/{}?api-version={}", device_.host,
                         wire::percent_encode(device_.id_scope), wire::percent_encode(device_.registration_id), action,
                         wire::percent_encode(device_.api_version)),
      .headers = {{"Accept", "application/json"}}};
  auto token = token_();
  if (!token) return std::unexpected(token.error());
  if (!token->empty()) out.headers.emplace_back("Authorization", *std::move(token));
  return out;
}

Result<DeviceAnswer> HttpDevice::send(const HttpRequest& request) {
  auto response = send_(request);
  if (!response) return std::unexpected(response.error());
  constexpr std::chrono::seconds kNone{0};
  const auto pause = retry_after(*response, kNone);
  return DeviceAnswer{.status = response->status,
                      .retry_after = pause == kNone ? std::nullopt : std::optional(pause),
                      .body = std::move(response->body)};
}

}  // namespace muster::cli
