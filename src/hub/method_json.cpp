#include "hub/method_json.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "model/json.h"

namespace muster::hub {
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

/// What is no text would make no JSON of the answer either.
json::value payload_of(const std::string& payload) {
  if (payload.empty()) return nullptr;
  if (auto parsed = model::parse_json(payload)) return *std::move(parsed);
  if (is_utf8(payload)) return json::value(payload);
  return json::object{{"base64", to_base64(as_bytes(payload))}};
}

}  // namespace

Result<MethodCall> read_method_call(const json::object& body) {
  const auto name = model::required_string(body, "methodName");
  if (!name) return std::unexpected(name.error());
  if (!is_name(*name)) return invalid("methodName: must be 1 to 100 characters without /, + and #");
  const auto response = read_seconds(body, "responseTimeoutInSeconds", kUsual);
  if (!response) return std::unexpected(response.error());
  const auto connect = read_seconds(body, "connectTimeoutInSeconds", 0);
  if (!connect) return std::unexpected(connect.error());
  MethodCall out{.name = std::string(*name), .response_timeout = *response, .connect_timeout = *connect};
  if (const auto* payload = body.if_contains("payload")) out.payload = json::serialize(*payload);
  if (out.payload.size() > kMostPayload) {
    return fail(ErrorCode::kTooLarge, fmt::format("payload: is larger than {} octets", kMostPayload));
  }
  return out;
}

json::object method_answer_to_json(const MethodAnswer& answer) {
  return {{"status", answer.status}, {"payload", payload_of(answer.payload)}};
}

std::string describe(MethodFault fault, const std::string& device_id) {
  if (fault == MethodFault::kOffline) {
    return fmt::format("Device {} is not connected, or takes no methods.", device_id);
  }
  return fmt::format("Device {} did not answer in time.", device_id);
}

}  // namespace muster::hub
