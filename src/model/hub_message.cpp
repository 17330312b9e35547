#include "model/hub_message.h"

#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "model/json.h"
#include "model/json_text.h"
#include "model/named_value.h"
#include "model/property_bag_json.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

namespace json = boost::json;

constexpr std::array<NamedValue<MessageAck>, 4> kAcks{{{MessageAck::kNone, "none"},
                                                       {MessageAck::kPositive, "positive"},
                                                       {MessageAck::kNegative, "negative"},
                                                       {MessageAck::kFull, "full"}}};

/// As Azure's feedback spells them.
constexpr std::array<NamedValue<MessageOutcome>, 4> kOutcomes{
    {{MessageOutcome::kSuccess, "Success"},
     {MessageOutcome::kExpired, "Expired"},
     {MessageOutcome::kDeliveryCountExceeded, "DeliveryCountExceeded"},
     {MessageOutcome::kPurged, "Purged"}}};

}  // namespace

std::string_view to_string(MessageAck ack) {
  return name_of(kAcks, ack);
}

std::optional<MessageAck> message_ack(std::string_view name) {
  return value_named(kAcks, name);
}

bool wants_feedback(MessageAck ack, MessageOutcome outcome) {
  if (ack == MessageAck::kFull) return true;
  return ack == (outcome == MessageOutcome::kSuccess ? MessageAck::kPositive : MessageAck::kNegative);
}

std::string_view message_id(const HubMessage& message) {
  for (const auto& [name, value] : message.properties) {
    if (name == "$.mid" && value) return *value;
  }
  return "";
}

std::optional<HubEvent> message_feedback(const std::vector<HubMessage>& ended, MessageOutcome outcome, TimePoint now) {
  json::array records;
  for (const HubMessage& message : ended) {
    if (!wants_feedback(message.ack, outcome)) continue;
    records.push_back(json::object{{"originalMessageId", message_id(message)},
                                   {"enqueuedTimeUtc", format_time(now)},
                                   {"statusCode", name_of(kOutcomes, outcome)},
                                   {"description", name_of(kOutcomes, outcome)},
                                   {"deviceId", message.device_id},
                                   {"deviceGenerationId", message.generation_id}});
  }
  if (records.empty()) return std::nullopt;
  return HubEvent{.device_id = ended.front().device_id,
                  .generation_id = ended.front().generation_id,
                  .source = std::string(kMessageFeedbackSource),
                  .properties = {{"$.ct", "application/json"}, {"$.ce", "utf-8"}},
                  .body = json::serialize(records),
                  .enqueued = now};
}

std::string to_stored_text(const HubMessage& message) {
  return object_text([&](ObjectText& out) {
    out.put("generation", message.generation_id);
    out.put("ack", to_string(message.ack));
    out.put("enqueued", to_micros(message.enqueued));
    append_json(out.member("properties"), message.properties);
  });
}

Result<HubMessage> hub_message_from_stored_json(const json::object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  HubMessage out{.device_id = {},
                 .generation_id = reader.required_text("generation"),
                 .properties = read_properties(reader),
                 .ack = stored_name(reader, "ack", kAcks),
                 .enqueued = stored_time(reader, "enqueued")};
  return unless_damaged(fault, std::move(out), "hub message");
}

}  // namespace muster::model
