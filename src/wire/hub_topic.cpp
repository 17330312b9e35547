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
constexpr std::string_view kRequestId = "$rid";

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

/// As it stands: what a client sent is what it gets back.
std::optional<std::string> read_request_id(std::string_view text) {
  if (text.starts_with('?')) text.remove_prefix(1);
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (pair && pair->first == kRequestId && !pair->second.empty()) return std::string(pair->second);
  }
  return std::nullopt;
}

Result<DeviceTopic> parse_method_answer(std::string_view rest) {
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return unknown();
  MethodAnswerTopic out;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + slash, out.status);
  auto request_id = read_request_id(rest.substr(slash + 1));
  if (error != std::errc() || end != rest.data() + slash || !request_id) return unknown();
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
  if (filter == "$iothub/methods/POST/#") return HubFilter::kMethods;
  if (filter == "$iothub/twin/res/#") return HubFilter::kTwinAnswers;
  if (filter == "$iothub/twin/PATCH/properties/desired/#") return HubFilter::kDesired;
  if (filter == fmt::format("devices/{}/messages/devicebound/#", device_id)) return HubFilter::kMessages;
  return std::nullopt;
}

std::string method_topic(std::string_view name, std::string_view request_id) {
  return fmt::format("$iothub/methods/POST/{}/?$rid={}", name, request_id);
}

std::string twin_answer_topic(int status, std::string_view request_id, std::optional<std::int64_t> version) {
  std::string out = fmt::format("$iothub/twin/res/{}/?$rid={}", status, request_id);
  if (version) out += fmt::format("&$version={}", *version);
  return out;
}

std::string desired_topic(std::int64_t version) {
  return fmt::format("$iothub/twin/PATCH/properties/desired/?$version={}", version);
}

}  // namespace muster::wire
