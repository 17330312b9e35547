#include "server/mqtt/device_session.h"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>

#include "model/json.h"
#include "server/mqtt/outbox_links.h"
#include "wire/hub_topic.h"

namespace muster::server::mqtt {
namespace {

using wire::mqtt::Publish;
using wire::mqtt::Qos;

constexpr int kOk = 200;
constexpr int kDone = 204;

std::string error_body(const Error& error) {
  return boost::json::serialize(boost::json::object{{"errorCode", 400004}, {"message", error.message}});
}

}  // namespace

DeviceSession::DeviceSession(const HubParts& parts, Facts facts, std::shared_ptr<Outbox> outbox)
    : parts_(parts),
      facts_(std::move(facts)),
      counters_(parts.counters.of(facts_.hub.host)),
      outbox_(std::move(outbox)) {
  ++counters_.connections;
}

DeviceSession::~DeviceSession() {
  --counters_.connections;
  if (facts_.end) parts_.timers.cancel(*facts_.end);
}

void DeviceSession::began() {
  parts_.devices.began(facts_.hub, facts_.device_id, facts_.visit);
  if (facts_.messages) begin_messages(*facts_.messages);
}

/// What is sent to devices has QoS 0 but for messages; 1 may be granted all the same (hub-api.md 3.2).
Task<std::uint8_t> DeviceSession::subscribe(wire::mqtt::Subscription wanted) {
  const auto filter = wire::hub_filter(wanted.filter, facts_.device_id);
  if (!filter) co_return wire::mqtt::kSubscribeFailure;
  const Qos granted = std::min(wanted.qos, Qos::kAtLeastOnce);
  parts_.devices.subscribe(facts_.hub, facts_.device_id, facts_.visit, *filter, granted);
  if (*filter == wire::HubFilter::kMessages) begin_messages(granted);
  co_return static_cast<std::uint8_t>(granted);
}

Task<bool> DeviceSession::unsubscribe(std::string filter) {
  const auto known = wire::hub_filter(filter, facts_.device_id);
  if (known) parts_.devices.unsubscribe(facts_.hub, facts_.device_id, facts_.visit, *known);
  if (known == wire::HubFilter::kMessages) parts_.messages.pause(facts_.hub, facts_.device_id, facts_.visit);
  co_return known.has_value();
}

Task<Result<DeviceSession::Rest>> DeviceSession::publish(Publish message) {
  if (message.qos == Qos::kExactlyOnce) co_return invalid("QoS 2 is not offered.");
  auto topic = wire::parse_device_topic(message.topic);
  if (!topic) co_return std::unexpected(topic.error());
  parts_.devices.touch(facts_.hub, facts_.device_id);
  if (auto* telemetry = std::get_if<wire::TelemetryTopic>(&*topic)) {
    co_return take_telemetry(std::move(*telemetry), std::move(message));
  }
  if (auto* answer = std::get_if<wire::MethodAnswerTopic>(&*topic)) {
    // One that comes too late, or twice, is nobody's.
    parts_.methods.answered(facts_.hub, facts_.device_id, answer->request_id,
                            {answer->status, std::move(message.payload)});
    co_return Rest();
  }
  auto* get = std::get_if<wire::TwinGetTopic>(&*topic);
  const auto done = get != nullptr
                        ? co_await tell_twin(std::move(get->request_id))
                        : co_await take_report(std::move(std::get<wire::ReportedPatchTopic>(*topic).request_id),
                                               std::move(message.payload));
  if (!done) co_return std::unexpected(done.error());
  co_return Rest();
}

void DeviceSession::ended(bool orderly) {
  parts_.messages.end(facts_.hub, facts_.device_id, facts_.visit);
  const bool gone = parts_.devices.leave(facts_.hub, facts_.device_id, facts_.visit);
  const TimePoint now = parts_.clock.now();
  if (!orderly && facts_.will) {
    model::HubEvent will = *facts_.will;
    will.enqueued = now;
    parts_.events.tell(facts_.hub, std::move(will));
  }
  if (gone && parts_.notices.connections) {
    parts_.events.tell(facts_.hub, model::notice_of_connection(facts_.hub.host, facts_.device_id, facts_.generation_id,
                                                               false, facts_.visit, now));
  }
}

void DeviceSession::begin_messages(Qos granted) {
  parts_.messages.begin(facts_.hub, facts_.device_id, facts_.visit, std::make_shared<MessagesOut>(outbox_, granted));
}

/// Others may follow while the disk is waited for: a device that sends many would get one in each commit.
Result<DeviceSession::Rest> DeviceSession::take_telemetry(wire::TelemetryTopic topic, Publish message) {
  if (topic.device_id != facts_.device_id) return invalid("The topic is another device's.");
  counters_.messages.fetch_add(1, std::memory_order_relaxed);
  if (message.retain) topic.properties.emplace_back("mqtt-retain", "true");
  return parts_.events.append(facts_.hub, {.device_id = facts_.device_id,
                                           .generation_id = facts_.generation_id,
                                           .auth_method = facts_.auth_method,
                                           .properties = std::move(topic.properties),
                                           .body = std::move(message.payload),
                                           .enqueued = parts_.clock.now()});
}

Task<Result<void>> DeviceSession::tell_twin(std::string request_id) {
  const auto twin = co_await parts_.twins.read(facts_.hub, facts_.device_id);
  if (!twin) co_return std::unexpected(twin.error());
  answer(wire::twin_answer_topic(kOk, request_id), boost::json::serialize(*twin));
  co_return Result<void>();
}

Task<Result<void>> DeviceSession::take_report(std::string request_id, std::string payload) {
  auto patch = model::parse_json_object(payload);
  auto version = patch ? co_await parts_.twins.report(facts_.hub, facts_.device_id, *std::move(patch))
                       : Result<std::int64_t>(std::unexpected(patch.error()));
  if (version) {
    answer(wire::twin_answer_topic(kDone, request_id, *version), "");
    co_return Result<void>();
  }
  if (version.error().code != ErrorCode::kInvalidArgument) co_return std::unexpected(version.error());
  answer(wire::twin_answer_topic(400, request_id), error_body(version.error()));
  co_return Result<void>();
}

/// Sent whether it has subscribed or not: it has asked.
void DeviceSession::answer(std::string topic, std::string payload) {
  outbox_->push({.topic = std::move(topic), .payload = std::move(payload), .qos = Qos::kAtMostOnce});
}

}  // namespace muster::server::mqtt
