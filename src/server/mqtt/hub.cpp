#include "server/mqtt/hub.h"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "model/json.h"
#include "server/hub_api/local_hubs.h"
#include "wire/device_identity.h"
#include "wire/hub_identity.h"

namespace muster::server::mqtt {
namespace {

using wire::mqtt::ConnectReturn;
using wire::mqtt::Publish;
using wire::mqtt::Qos;

constexpr std::size_t kMostWaitingOctets = std::size_t{1} << 20U;
constexpr int kOk = 200;
constexpr int kDone = 204;

/// What is sent to a device goes through its outbox, with QoS 0 as devices subscribe (hub-api.md 3.1).
class Link final : public hub::DeviceLink {
 public:
  explicit Link(std::shared_ptr<Outbox> outbox) : outbox_(std::move(outbox)) {}

  bool send(std::string topic, std::string payload) override {
    return outbox_->push({.topic = std::move(topic), .payload = std::move(payload), .qos = Qos::kAtMostOnce});
  }
  void end() override { outbox_->close(); }

 private:
  std::shared_ptr<Outbox> outbox_;
};

/// Numbers of a device's messages follow each other, so each has its packet id, the same on every connection
/// (MQTT 3.1.1 section 4.4), and no two that are in flight have the same.
class MessagesOut final : public hub::MessageLink {
 public:
  /// `qos` as granted to the device.
  MessagesOut(std::shared_ptr<Outbox> outbox, Qos qos) : outbox_(std::move(outbox)), qos_(qos) {}

  bool deliver(Delivery delivery) override {
    Publish message{.topic = std::move(delivery.topic), .payload = std::move(delivery.payload), .qos = qos_};
    if (qos_ == Qos::kAtMostOnce) {  // what the device asked for: nobody tells whether it came
      const bool fits = outbox_->push(std::move(message));
      if (fits) delivery.acknowledged();
      return fits;
    }
    message.packet_id = static_cast<std::uint16_t>((delivery.number - 1) % kMostPacketIds + 1);
    message.duplicate = delivery.again;
    return outbox_->push(std::move(message), std::move(delivery.acknowledged));
  }
  void end() override { outbox_->close(); }

 private:
  static constexpr std::uint64_t kMostPacketIds = 65'535;

  std::shared_ptr<Outbox> outbox_;
  const Qos qos_;
};

hub::DeviceProof proof_of(const Newcomer& newcomer, const std::string& device_id) {
  hub::DeviceProof out{.device_id = device_id};
  if (newcomer.connect.password && !newcomer.connect.password->empty()) out.token = *newcomer.connect.password;
  if (newcomer.client) {
    out.leaf = newcomer.client->leaf;
    out.chain = newcomer.client->chain;
  }
  return out;
}

std::unexpected<ConnectReturn> turn_away(const Newcomer& newcomer, std::string_view reason) {
  log_info("hub.device-refused", {{"user", newcomer.connect.user_name.value_or("")},
                                  {"client", newcomer.connect.client_id},
                                  {"peer", newcomer.peer_address},
                                  {"reason", std::string(reason)}});
  return std::unexpected(ConnectReturn::kNotAuthorized);
}

/// What a will is when it is published: telemetry that says that it was one (hub-api.md 2.4). nullopt when it is for
/// another topic, which no will may be.
std::optional<model::HubEvent> will_event(const wire::mqtt::Will& will, const std::string& device_id) {
  auto topic = wire::parse_device_topic(will.topic);
  auto* telemetry = topic ? std::get_if<wire::TelemetryTopic>(&*topic) : nullptr;
  if (telemetry == nullptr || telemetry->device_id != device_id || will.qos == Qos::kExactlyOnce) return std::nullopt;
  telemetry->properties.emplace_back("iothub-MessageType", "Will");
  if (will.retain) telemetry->properties.emplace_back("mqtt-retain", "true");
  return model::HubEvent{.device_id = device_id, .properties = std::move(telemetry->properties), .body = will.payload};
}

std::string error_body(const Error& error) {
  return boost::json::serialize(boost::json::object{{"errorCode", 400004}, {"message", error.message}});
}

}  // namespace

class Hub::DeviceSession final : public Session {
 public:
  struct Facts {
    hub::HubName hub;
    std::string device_id;
    std::string generation_id;
    std::string auth_method;
    std::uint64_t visit = 0;
    std::optional<model::HubEvent> will = {};
    std::optional<Qos> messages = {};    ///< what a kept session had been granted for them
    std::optional<Timers::Id> end = {};  ///< of its token
  };

  DeviceSession(const Parts& parts, Facts facts, std::shared_ptr<Outbox> outbox)
      : parts_(parts), facts_(std::move(facts)), outbox_(std::move(outbox)) {}

  ~DeviceSession() override {
    if (facts_.end) parts_.timers.cancel(*facts_.end);
  }

  void began() override {
    parts_.devices.began(facts_.hub, facts_.device_id, facts_.visit);
    if (facts_.messages) begin_messages(*facts_.messages);
  }

  /// What is sent to devices has QoS 0 but for messages; 1 may be granted all the same (hub-api.md 3.2).
  Task<std::uint8_t> subscribe(wire::mqtt::Subscription wanted) override {
    const auto filter = wire::hub_filter(wanted.filter, facts_.device_id);
    if (!filter) co_return wire::mqtt::kSubscribeFailure;
    const Qos granted = std::min(wanted.qos, Qos::kAtLeastOnce);
    parts_.devices.subscribe(facts_.hub, facts_.device_id, facts_.visit, *filter, granted);
    if (*filter == wire::HubFilter::kMessages) begin_messages(granted);
    co_return static_cast<std::uint8_t>(granted);
  }

  Task<bool> unsubscribe(std::string filter) override {
    const auto known = wire::hub_filter(filter, facts_.device_id);
    if (known) parts_.devices.unsubscribe(facts_.hub, facts_.device_id, facts_.visit, *known);
    if (known == wire::HubFilter::kMessages) parts_.messages.pause(facts_.hub, facts_.device_id, facts_.visit);
    co_return known.has_value();
  }

  Task<Result<Rest>> publish(Publish message) override {
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

  void ended(bool orderly) override {
    parts_.messages.end(facts_.hub, facts_.device_id, facts_.visit);
    const bool gone = parts_.devices.leave(facts_.hub, facts_.device_id, facts_.visit);
    const TimePoint now = parts_.clock.now();
    if (!orderly && facts_.will) {
      model::HubEvent will = *facts_.will;
      will.enqueued = now;
      parts_.events.tell(facts_.hub, std::move(will));
    }
    if (gone && parts_.notices.connections) {
      parts_.events.tell(facts_.hub, model::notice_of_connection(facts_.hub.host, facts_.device_id,
                                                                 facts_.generation_id, false, facts_.visit, now));
    }
  }

 private:
  void begin_messages(Qos granted) {
    parts_.messages.begin(facts_.hub, facts_.device_id, facts_.visit, std::make_shared<MessagesOut>(outbox_, granted));
  }

  /// Others may follow while the disk is waited for: a device that sends many would get one in each commit.
  Result<Rest> take_telemetry(wire::TelemetryTopic topic, Publish message) {
    if (topic.device_id != facts_.device_id) return invalid("The topic is another device's.");
    if (message.retain) topic.properties.emplace_back("mqtt-retain", "true");
    return parts_.events.append(facts_.hub, {.device_id = facts_.device_id,
                                             .generation_id = facts_.generation_id,
                                             .auth_method = facts_.auth_method,
                                             .properties = std::move(topic.properties),
                                             .body = std::move(message.payload),
                                             .enqueued = parts_.clock.now()});
  }

  Task<Result<void>> tell_twin(std::string request_id) {
    const auto twin = co_await parts_.twins.read(facts_.hub, facts_.device_id);
    if (!twin) co_return std::unexpected(twin.error());
    answer(wire::twin_answer_topic(kOk, request_id), boost::json::serialize(*twin));
    co_return Result<void>();
  }

  Task<Result<void>> take_report(std::string request_id, std::string payload) {
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
  void answer(std::string topic, std::string payload) {
    outbox_->push({.topic = std::move(topic), .payload = std::move(payload), .qos = Qos::kAtMostOnce});
  }

  const Parts& parts_;
  const Facts facts_;
  std::shared_ptr<Outbox> outbox_;
};

Task<std::expected<Accepted, ConnectReturn>> Hub::connect(Newcomer newcomer) {
  const auto identity = wire::parse_hub_user_name(newcomer.connect.user_name.value_or(""));
  if (!identity) co_return turn_away(newcomer, identity.error().message);
  if (!identity->module_id.empty()) co_return turn_away(newcomer, "modules are not served");
  if (newcomer.connect.client_id != identity->device_id) co_return turn_away(newcomer, "the client id is another one");
  std::optional<model::HubEvent> will;
  if (newcomer.connect.will) {
    will = will_event(*newcomer.connect.will, identity->device_id);
    if (!will) co_return turn_away(newcomer, "the will is not for the device's events");
  }
  const auto found = co_await find_local_hub(parts_.instances, parts_.store, identity->hub);
  if (!found) co_return turn_away(newcomer, "no such hub is served here");
  const hub::HubName& name = found->name;
  const auto device = co_await parts_.store.find_hub_device(name.instance, name.host, identity->device_id);
  if (!device) co_return std::unexpected(ConnectReturn::kServerUnavailable);
  const TimePoint now = parts_.clock.now();
  const auto admitted = hub::judge_device(*device ? &**device : nullptr, proof_of(newcomer, identity->device_id),
                                          *found->config, name.host, now, parts_.proof);
  if (!admitted) co_return turn_away(newcomer, admitted.error().detail);

  auto outbox = std::make_shared<Outbox>(OutboxLimits{.in_flight = 16, .waiting = 64, .octets = kMostWaitingOctets});
  const auto visit =
      parts_.devices.enter(name, identity->device_id, std::make_shared<Link>(outbox), newcomer.connect.clean_session);
  if (!visit) co_return std::unexpected(ConnectReturn::kServerUnavailable);
  // Somebody may have shut it out before it could be found among the connected.
  const auto still = co_await parts_.store.find_hub_device(name.instance, name.host, identity->device_id);
  if (!still || !*still || (*still)->etag != (*device)->etag) {
    parts_.devices.leave(name, identity->device_id, visit->number);
    co_return std::unexpected(ConnectReturn::kServerUnavailable);
  }
  DeviceSession::Facts facts{.hub = name,
                             .device_id = identity->device_id,
                             .generation_id = (*device)->generation_id,
                             .auth_method = admitted->method,
                             .visit = visit->number,
                             .will = std::move(will),
                             .messages = visit->messages};
  if (facts.will) {
    facts.will->generation_id = facts.generation_id;
    facts.will->auth_method = facts.auth_method;
  }
  if (parts_.notices.connections) {
    parts_.events.tell(
        name, model::notice_of_connection(name.host, facts.device_id, facts.generation_id, true, facts.visit, now));
  }
  if (admitted->until) {
    const auto rest = *admitted->until + parts_.proof.sas_tolerance - now;
    facts.end =
        parts_.timers.at(std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(rest),
                         [outbox = std::weak_ptr(outbox)] {
                           if (const auto alive = outbox.lock()) alive->close();
                         });
  }
  auto session = std::make_unique<DeviceSession>(parts_, std::move(facts), outbox);
  co_return Accepted{std::move(session), std::move(outbox), visit->session_present};
}

Task<std::expected<Accepted, ConnectReturn>> DeviceOwner::connect(Newcomer newcomer) {
  const auto hub = wire::parse_hub_user_name(newcomer.connect.user_name.value_or(""));
  const bool provisions = wire::parse_device_user_name(newcomer.connect.user_name.value_or("")).has_value();
  // What is neither is refused as provisioning does it.
  Owner& owner = hub && !provisions && !gateway_.serves(hub->hub) ? hub_ : provisioning_;
  co_return co_await owner.connect(std::move(newcomer));
}

}  // namespace muster::server::mqtt
