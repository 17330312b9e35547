#include "wire/provisioning_topic.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

constexpr std::string_view kRegister = "$dps/registrations/PUT/iotdps-register/";
constexpr std::string_view kStatus = "$dps/registrations/GET/iotdps-get-operationstatus/";
constexpr std::string_view kResponse = "$dps/registrations/res/";
constexpr std::string_view kRequestId = "$rid";
constexpr std::string_view kOperationId = "operationId";
/// Clients send a number or a GUID; what is repeated to them does not have to be longer.
constexpr std::size_t kLongestRequestId = 256;

/// A number of decimal digits alone.
std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<ProvisioningTopic> parse_provisioning_topic(std::string_view topic) {
  const bool registers = topic.starts_with(kRegister);
  if (!registers && !topic.starts_with(kStatus)) return invalid("There is nothing to publish to on this topic.");
  std::string_view rest = topic.substr(registers ? kRegister.size() : kStatus.size());
  if (!rest.starts_with('?')) return invalid("The topic has no parameters.");
  ProvisioningTopic out;
  std::optional<std::string> operation_id;
  Splitter parts(rest.substr(1), '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (!pair) continue;
    if (pair->first == kRequestId) out.request_id = pair->second;
    if (pair->first == kOperationId) operation_id = percent_decode(pair->second);
  }
  if (out.request_id.empty() || out.request_id.size() > kLongestRequestId) {
    return invalid("The topic has no $rid, or one that is too long.");
  }
  if (registers) return out;
  if (!operation_id || operation_id->empty()) return invalid("The topic has no operationId.");
  out.operation_id = std::move(*operation_id);
  return out;
}

std::string register_topic(std::string_view request_id) {
  return fmt::format("{}?{}={}", kRegister, kRequestId, request_id);
}

std::string status_topic(std::string_view request_id, std::string_view operation_id) {
  return fmt::format("{}?{}={}&{}={}", kStatus, kRequestId, request_id, kOperationId, operation_id);
}

std::string provisioning_response_topic(int status, std::string_view request_id,
                                        std::optional<std::chrono::seconds> retry_after) {
  std::string topic = fmt::format("{}{}/?{}={}", kResponse, status, kRequestId, request_id);
  if (retry_after) topic += fmt::format("&retry-after={}", retry_after->count());
  return topic;
}

Result<ProvisioningResponseTopic> parse_provisioning_response_topic(std::string_view topic) {
  const auto parameters = topic.find("/?");
  if (!topic.starts_with(kResponse) || parameters == std::string_view::npos)
    return invalid("The topic is no response.");
  const auto status = parse_number(topic.substr(0, parameters).substr(std::min(kResponse.size(), parameters)));
  if (!status) return invalid("The topic of the response has no status.");
  ProvisioningResponseTopic out{.status = *status, .request_id = {}};
  Splitter parts(topic.substr(parameters + 2), '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (!pair) continue;
    if (pair->first == kRequestId) out.request_id = pair->second;
    if (pair->first != "retry-after") continue;
    if (const auto seconds = parse_number(pair->second)) out.retry_after = std::chrono::seconds(*seconds);
  }
  return out;
}

}  // namespace muster::wire
