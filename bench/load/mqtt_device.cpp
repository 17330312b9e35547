#include <fmt/format.h>

#include "base/bytes.h"
#include "load/device_script.h"
#include "wire/mqtt/encode.h"
#include "wire/provisioning_topic.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

class MqttDevice final : public DeviceScript {
 public:
  using DeviceScript::DeviceScript;

  [[nodiscard]] ReadReply read_reply() const override { return read_mqtt_reply; }

  std::string first_request() override {
    mqtt::Connect connect{.client_id = registration_id(), .keep_alive = 0};
    connect.user_name = fmt::format("{}/registrations/{}/api-version={}&ClientVersion=prov_device_client%2F1.0",
                                    settings().id_scope, registration_id(), kApiVersion);
    if (!token().empty()) connect.password = token();
    return packet(connect);
  }

  Next on_reply(const Reply& reply) override {
    switch (step_) {
      case Step::kConnect:
        if (reply.status != 0) return failure(reply);
        step_ = Step::kSubscribe;
        return {Next::Kind::kAsk,
                packet(mqtt::Subscribe{.packet_id = next_id_++,
                                       .subscriptions = {{"$dps/registrations/res/#", mqtt::Qos::kAtLeastOnce}}}),
                {}};
      case Step::kSubscribe:
        if (reply.status != 0) return failure(reply);
        if (settings().hold) return {Next::Kind::kHold, {}, {}};
        step_ = Step::kRegister;
        return {Next::Kind::kAsk, request(wire::register_topic("1"), register_body()), {}};
      case Step::kRegister:
        return DeviceScript::on_reply(reply);
    }
    return failure(reply);
  }

 private:
  enum class Step { kConnect, kSubscribe, kRegister };

  static std::string packet(const mqtt::Packet& value) { return std::string(as_text(mqtt::encode(value))); }

  std::string request(std::string topic, std::string payload) {
    return packet(mqtt::Publish{.topic = std::move(topic),
                                .payload = std::move(payload),
                                .qos = mqtt::Qos::kAtLeastOnce,
                                .packet_id = next_id_++});
  }

  /// The server's first message has packet id 1, its next one 2.
  std::string poll(std::string_view operation) override {
    return packet(mqtt::Ack{mqtt::PacketType::kPuback, ++answered_}) + request(wire::status_topic("1", operation), " ");
  }

  Step step_ = Step::kConnect;
  std::uint16_t next_id_ = 1;
  std::uint16_t answered_ = 0;
};

}  // namespace

std::unique_ptr<Script> make_mqtt_device(DeviceFacts facts) {
  return std::make_unique<MqttDevice>(std::move(facts));
}

}  // namespace muster::bench
