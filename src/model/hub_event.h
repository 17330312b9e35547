#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "wire/hub_topic.h"

namespace muster::model {

/// What `source` may be (hub-api.md 6.1).
inline constexpr std::string_view kTelemetrySource = "Telemetry";
inline constexpr std::string_view kLifecycleSource = "deviceLifecycleEvents";
inline constexpr std::string_view kTwinChangeSource = "twinChangeEvents";
inline constexpr std::string_view kConnectionSource = "deviceConnectionStateEvents";
inline constexpr std::string_view kMessageFeedbackSource = "deviceMessageFeedback";  ///< our own, see hub_message.h
inline constexpr std::string_view kSecuritySource = "deviceSecurityEvents";          ///< our own, see hub_notice.h

/// One message of a device in the event log of its hub (hub-api.md 6.3).
struct HubEvent {
  std::uint64_t sequence = 0;  ///< given by the log, from 1
  std::string device_id;
  std::string generation_id = {};
  std::string auth_method = {};  ///< JSON, as in iothub-connection-auth-method (hub-api.md 6.1)
  std::string source{kTelemetrySource};
  wire::PropertyBag properties = {};  ///< as the device sent them, system properties included
  std::string body = {};
  TimePoint enqueued = {};

  bool operator==(const HubEvent&) const = default;
};

/// For readers (hub-api.md 6.3): seq, body, properties, systemProperties. A body that is JSON by its content type, or
/// by its text when none is given, stands as JSON; other texts as a text, other octets as {"base64": ...}.
boost::json::object to_json(const HubEvent& event);

/// The form kept in the store, without sequence and body. kInternal when damaged.
std::string to_stored_text(const HubEvent& event);
Result<HubEvent> hub_event_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
