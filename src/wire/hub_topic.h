#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace muster::wire {

// Topics between a device and its hub (hub-api.md 3).

/// Names and values as in a topic, decoded; a name without `=` has no value.
using PropertyBag = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// devices/{id}/messages/events/{bag}
struct TelemetryTopic {
  std::string device_id;
  PropertyBag properties = {};
};
/// $iothub/methods/res/{status}/?$rid={rid}
struct MethodAnswerTopic {
  int status = 0;
  std::string request_id;
};
/// $iothub/twin/GET/?$rid={rid}
struct TwinGetTopic {
  std::string request_id;
};
/// $iothub/twin/PATCH/properties/reported/?$rid={rid}
struct ReportedPatchTopic {
  std::string request_id;
};
using DeviceTopic = std::variant<TelemetryTopic, MethodAnswerTopic, TwinGetTopic, ReportedPatchTopic>;

/// What a device publishes to. kInvalidArgument for any other topic.
Result<DeviceTopic> parse_device_topic(std::string_view topic);

/// What a device may subscribe to (hub-api.md 3.1).
enum class HubFilter : std::uint8_t { kMessages = 1, kMethods = 2, kTwinAnswers = 4, kDesired = 8 };
/// nullopt for every other filter, also for that of another device.
std::optional<HubFilter> hub_filter(std::string_view filter, std::string_view device_id);
/// The same the other way round: what a device subscribes to.
std::string text_of(HubFilter filter, std::string_view device_id);

/// The slash stands before `?`, the request id comes last: clients cut the topic there (hub-api.md 3.3).
std::string method_topic(std::string_view name, std::string_view request_id);
/// `version` of the reported properties after a patch.
std::string twin_answer_topic(int status, std::string_view request_id, std::optional<std::int64_t> version = {});
std::string desired_topic(std::int64_t version);
/// Names and values are percent-encoded, as devices look for `%24.mid` (hub-api.md 3.2); what has no value is its name.
std::string message_topic(std::string_view device_id, const PropertyBag& properties);

/// $iothub/methods/POST/{name}/?$rid={rid}
struct MethodCallTopic {
  std::string name;
  std::string request_id;

  bool operator==(const MethodCallTopic&) const = default;
};
/// $iothub/twin/PATCH/properties/desired/?$version={version}
struct DesiredTopic {
  std::int64_t version = 0;

  bool operator==(const DesiredTopic&) const = default;
};
/// devices/{id}/messages/devicebound/{bag}
struct MessageTopic {
  PropertyBag properties = {};

  bool operator==(const MessageTopic&) const = default;
};
using HubTopic = std::variant<MethodCallTopic, DesiredTopic, MessageTopic>;

/// What a hub publishes to, as the device reads it. kInvalidArgument for any other topic, also for that of another
/// device.
Result<HubTopic> parse_hub_topic(std::string_view topic, std::string_view device_id);

/// What a device publishes to.
std::string telemetry_topic(std::string_view device_id);
std::string method_answer_topic(int status, std::string_view request_id);

}  // namespace muster::wire
