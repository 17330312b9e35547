#include "wire/hub_topic.h"

#include <charconv>

#include <fmt/format.h>

#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

constexpr std::string_view kMethodAnswer = "$iothub/methods/res/";
constexpr std::string_view kTwinGet = "$iothub/twin/GET/";
constexpr std::string_view kReportedPatch = "$iothub/twin/PATCH/properties/reported/";
constexpr std::string_view kMethodCall = "$iothub/methods/POST/";
constexpr std::string_view kTwinAnswer = "$iothub/twin/res/";
constexpr std::string_view kDesired = "$iothub/twin/PATCH/properties/desired/";
constexpr std::string_view kRequestId = "$rid";
constexpr std::string_view kVersion = "$version";

std::string messages_of(std::string_view device_id) {
  return fmt::format("devices/{}/messages/devicebound/", device_id);
}

std::unexpected<Error> unknown_to_device() {
  return invalid("The topic is none that a hub publishes to.");
}

std::unexpected<Error> unknown() {
  return invalid("The topic is none that a device may publish to.");
}

/// The names may be percent-encoded too; a plus is a plus (hub-api.md 3.2).
std::optional<PropertyBag> read_bag(std::string_view text) {
  PropertyBag out;
  if (text.starts_with('?')) text.remove_prefix(1);
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    if (part->empty()) continue;
    const auto equals = part->find('=');
    auto name = percent_decode(part->substr(0, equals));
    if (!name) return std::nullopt;
    std::optional<std::string> value;
    if (equals != std::string_view::npos) {
      auto decoded = percent_decode(part->substr(equals + 1));
      if (!decoded) return std::nullopt;
      value = *std::move(decoded);
    }
    out.emplace_back(*std::move(name), std::move(value));
  }
  return out;
}

/// A parameter as it stands: what a client sent is what it gets back.
std::optional<std::string_view> read_parameter(std::string_view text, std::string_view name) {
  if (text.starts_with('?')) text.remove_prefix(1);
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (pair && pair->first == name && !pair->second.empty()) return pair->second;
  }
  return std::nullopt;
}

std::optional<std::string> read_request_id(std::string_view text) {
  const auto found = read_parameter(text, kRequestId);
  return found ? std::optional(std::string(*found)) : std::nullopt;
}

/// What stands in front of the first slash, which the parameters follow.
std::optional<std::pair<std::string_view, std::string_view>> split_at_slash(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, slash), text.substr(slash + 1));
}

template <class Integer>
bool read_integer(std::string_view text, Integer& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

Result<HubTopic> parse_method_call(std::string_view rest) {
  const auto parts = split_at_slash(rest);
  auto request_id = parts ? read_request_id(parts->second) : std::nullopt;
  if (!request_id || parts->first.empty()) return unknown_to_device();
  return MethodCallTopic{std::string(parts->first), *std::move(request_id)};
}

Result<HubTopic> parse_desired(std::string_view rest) {
  DesiredTopic out;
  const auto version = read_parameter(rest, kVersion);
  if (!version || !read_integer(*version, out.version)) return unknown_to_device();
  return out;
}

Result<DeviceTopic> parse_method_answer(std::string_view rest) {
  const auto parts = split_at_slash(rest);
  MethodAnswerTopic out;
  auto request_id = parts ? read_request_id(parts->second) : std::nullopt;
  if (!request_id || !read_integer(parts->first, out.status)) return unknown();
  out.request_id = *std::move(request_id);
  return out;
}

/// With and without a bag, a slash behind it, or none (hub-api.md 3.1).
Result<DeviceTopic> parse_telemetry(std::string_view topic) {
  constexpr std::string_view kDevices = "devices/";
  constexpr std::string_view kEvents = "/messages/events";
  if (!topic.starts_with(kDevices)) return unknown();
  topic.remove_prefix(kDevices.size());
  const auto slash = topic.find('/');
  if (slash == std::string_view::npos || slash == 0) return unknown();
  TelemetryTopic out{.device_id = std::string(topic.substr(0, slash))};
  topic.remove_prefix(slash);
  if (!topic.starts_with(kEvents)) return unknown();
  topic.remove_prefix(kEvents.size());
  if (topic.empty()) return out;
  if (!topic.starts_with('/')) return unknown();
  topic.remove_prefix(1);
  if (topic.ends_with('/')) topic.remove_suffix(1);
  auto bag = read_bag(topic);
  if (!bag) return unknown();
  out.properties = *std::move(bag);
  return out;
}

}  // namespace

Result<DeviceTopic> parse_device_topic(std::string_view topic) {
  if (topic.starts_with(kMethodAnswer)) return parse_method_answer(topic.substr(kMethodAnswer.size()));
  if (topic.starts_with(kTwinGet)) {
    auto request_id = read_request_id(topic.substr(kTwinGet.size()));
    if (!request_id) return unknown();
    return TwinGetTopic{*std::move(request_id)};
  }
  if (topic.starts_with(kReportedPatch)) {
    auto request_id = read_request_id(topic.substr(kReportedPatch.size()));
    if (!request_id) return unknown();
    return ReportedPatchTopic{*std::move(request_id)};
  }
  return parse_telemetry(topic);
}

std::optional<HubFilter> hub_filter(std::string_view filter, std::string_view device_id) {
  for (const HubFilter each : {HubFilter::kMethods, HubFilter::kTwinAnswers, HubFilter::kDesired}) {
    if (filter == text_of(each, {})) return each;
  }
  if (filter == text_of(HubFilter::kMessages, device_id)) return HubFilter::kMessages;
  return std::nullopt;
}

std::string text_of(HubFilter filter, std::string_view device_id) {
  switch (filter) {
    case HubFilter::kMethods:
      return fmt::format("{}#", kMethodCall);
    case HubFilter::kTwinAnswers:
      return fmt::format("{}#", kTwinAnswer);
    case HubFilter::kDesired:
      return fmt::format("{}#", kDesired);
    case HubFilter::kMessages:
      return fmt::format("{}#", messages_of(device_id));
  }
  return "";
}

std::string method_topic(std::string_view name, std::string_view request_id) {
  return fmt::format("{}{}/?$rid={}", kMethodCall, name, request_id);
}

std::string twin_answer_topic(int status, std::string_view request_id, std::optional<std::int64_t> version) {
  std::string out = fmt::format("{}{}/?$rid={}", kTwinAnswer, status, request_id);
  if (version) out += fmt::format("&$version={}", *version);
  return out;
}

std::string desired_topic(std::int64_t version) {
  return fmt::format("{}?$version={}", kDesired, version);
}

std::string message_topic(std::string_view device_id, const PropertyBag& properties) {
  std::string out = messages_of(device_id);
  std::string_view between;
  for (const auto& [name, value] : properties) {
    out += std::exchange(between, "&");
    out += percent_encode(name);
    if (value) out += "=" + percent_encode(*value);
  }
  return out;
}

Result<HubTopic> parse_hub_topic(std::string_view topic, std::string_view device_id) {
  if (topic.starts_with(kMethodCall)) return parse_method_call(topic.substr(kMethodCall.size()));
  if (topic.starts_with(kDesired)) return parse_desired(topic.substr(kDesired.size()));
  if (const std::string messages = messages_of(device_id); topic.starts_with(messages)) {
    auto bag = read_bag(topic.substr(messages.size()));
    if (bag) return MessageTopic{*std::move(bag)};
  }
  return unknown_to_device();
}

std::string telemetry_topic(std::string_view device_id) {
  return fmt::format("devices/{}/messages/events/", device_id);
}

std::string method_answer_topic(int status, std::string_view request_id) {
  return fmt::format("{}{}/?$rid={}", kMethodAnswer, status, request_id);
}

}  // namespace muster::wire
