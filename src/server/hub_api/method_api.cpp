#include "server/hub_api/method_api.h"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "server/api/api_call.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLongest = 300;  // seconds (hub-api.md 1.6)
constexpr std::int64_t kUsual = 30;
constexpr std::size_t kMostPayload = std::size_t{128} * 1024;
constexpr std::size_t kLongestName = 100;

/// It becomes a level of a topic.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::ranges::none_of(name, [](char c) { return c == '/' || c == '+' || c == '#' || c == '\0'; });
}

Result<std::chrono::seconds> read_seconds(const json::object& body, std::string_view member, std::int64_t usual) {
  const auto value = model::optional_int(body, member);
  if (!value) return std::unexpected(value.error());
  const std::int64_t seconds = value->value_or(usual);
  if (seconds < 0 || seconds > kLongest) return invalid(fmt::format("{}: must be 0 to {}", member, kLongest));
  return std::chrono::seconds(seconds);
}

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
  if (fault == hub::MethodFault::kOffline) {
    return {404, 404103, "DeviceNotOnline", fmt::format("Device {} is not connected, or takes no methods.", device_id)};
  }
  return {504, 504101, "GatewayTimeout", fmt::format("Device {} did not answer in time.", device_id)};
}

/// Nothing, or what is no JSON, is told as a text.
json::value payload_of(const std::string& payload) {
  if (payload.empty()) return nullptr;
  auto parsed = model::parse_json(payload);
  return parsed ? *std::move(parsed) : json::value(payload);
}

}  // namespace

Result<hub::MethodCall> read_method_call(const json::object& body) {
  const auto name = model::required_string(body, "methodName");
  if (!name) return std::unexpected(name.error());
  if (!is_name(*name)) return invalid("methodName: must be 1 to 100 characters without /, + and #");
  const auto response = read_seconds(body, "responseTimeoutInSeconds", kUsual);
  if (!response) return std::unexpected(response.error());
  const auto connect = read_seconds(body, "connectTimeoutInSeconds", 0);
  if (!connect) return std::unexpected(connect.error());
  hub::MethodCall out{.name = std::string(*name), .response_timeout = *response, .connect_timeout = *connect};
  if (const auto* payload = body.if_contains("payload")) out.payload = json::serialize(*payload);
  if (out.payload.size() > kMostPayload) {
    return fail(ErrorCode::kTooLarge, fmt::format("payload: is larger than {} octets", kMostPayload));
  }
  return out;
}

std::vector<HubRoute> MethodApi::routes() {
  return {{"POST", {"twins", "{}", "methods"}, {model::HubRight::kServiceConnect}, [this](const HubCall& call) {
             return invoke(call);
           }}};
}

Task<HubResult> MethodApi::invoke(const HubCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse_hub(body.error());
  auto method = read_method_call(*body);
  if (!method) co_return fault_response(to_hub_error(method.error()), call);
  const std::string& device_id = call.arguments[0];
  if (const auto device = co_await registry_.get(call.hub, device_id); !device) {
    co_return fault_response(to_hub_error(device.error()), call);
  }
  const auto outcome = co_await methods_.invoke(call.hub, device_id, *std::move(method));
  if (!outcome) co_return fault_response(fault_of(outcome.error(), device_id), call);
  co_return json_response(
      200, json::serialize(json::object{{"status", outcome->status}, {"payload", payload_of(outcome->payload)}}));
}

}  // namespace muster::server
