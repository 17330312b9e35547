#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "model/hub_event.h"
#include "wire/hub_topic.h"

namespace muster::model {

/// Of which ends of a message its sender wants to hear: `iothub-ack`.
enum class MessageAck { kNone, kPositive, kNegative, kFull };

/// "none", "positive", "negative", "full".
std::string_view to_string(MessageAck ack);
std::optional<MessageAck> message_ack(std::string_view name);

/// How a message to a device ends. Over MQTT a device cannot reject one.
enum class MessageOutcome { kSuccess, kExpired, kDeliveryCountExceeded, kPurged };

[[nodiscard]] bool wants_feedback(MessageAck ack, MessageOutcome outcome);

/// A message from those who run devices to one of them, waiting at its hub (hub-api.md 1.4, 3.1).
struct HubMessage {
  std::uint64_t number = 0;  ///< given by the store, from 1 for each device
  std::string device_id;
  std::string generation_id = {};     ///< of the identity, given by the store
  wire::PropertyBag properties = {};  ///< system properties under the names that they have in topics (hub-api.md 3.2)
  std::string body = {};              ///< octets
  MessageAck ack = MessageAck::kNone;
  TimePoint enqueued = {};
  TimePoint expires = {};
  std::uint32_t deliveries = 0;  ///< how often it went out, this time included

  bool operator==(const HubMessage&) const = default;
};

/// `$.mid`; "" for none.
std::string_view message_id(const HubMessage& message);

/// What the event log says of messages to one device that have ended alike: a list with Azure's members of feedback,
/// from those whose sender wants to hear of it; nullopt: nobody does.
std::optional<HubEvent> message_feedback(const std::vector<HubMessage>& ended, MessageOutcome outcome, TimePoint now);

/// The form kept in the store, without what has columns of its own: number, device, expiry, deliveries and body.
/// kInternal when damaged.
std::string to_stored_text(const HubMessage& message);
Result<HubMessage> hub_message_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
