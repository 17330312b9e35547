#include <optional>

#include "load/answerer.h"
#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"
#include "wire/provisioning_topic.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

constexpr std::size_t kMaxPacket = 65'536;

class MqttAnswers final : public Answers {
 public:
  using Answers::Answers;

  bool answer(std::string& inbox, Bytes& out) override {
    for (;;) {
      const auto header = mqtt::read_fixed_header(as_bytes(inbox), kMaxPacket);
      if (!header) return false;
      if (!*header || inbox.size() < (*header)->size + (*header)->body_size) return true;
      const auto packet = mqtt::decode(**header, as_bytes(inbox).subspan((*header)->size, (*header)->body_size));
      inbox.erase(0, (*header)->size + (*header)->body_size);
      if (!packet) return false;
      if (std::holds_alternative<mqtt::Connect>(*packet)) mqtt::append(out, mqtt::Connack{});
      if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&*packet)) {
        mqtt::append(out, mqtt::Suback{.packet_id = subscribe->packet_id, .granted = {1}});
      }
      if (const auto* publish = std::get_if<mqtt::Publish>(&*packet)) answer_request(*publish, out);
    }
  }

 private:
  void answer_request(const mqtt::Publish& publish, Bytes& out) {
    mqtt::append(out, mqtt::Ack{mqtt::PacketType::kPuback, publish.packet_id});
    const bool registers = publish.topic.contains("/PUT/");
    const auto pause = registers ? std::optional(std::chrono::seconds(1)) : std::nullopt;
    mqtt::append(out, mqtt::Publish{.topic = wire::provisioning_response_topic(registers ? 202 : 200, "1", pause),
                                    .payload = registers ? settings().register_body : settings().status_body,
                                    .qos = mqtt::Qos::kAtLeastOnce,
                                    .packet_id = ++last_id_});
  }

  std::uint16_t last_id_ = 0;
};

}  // namespace

std::unique_ptr<Answers> make_mqtt_answers(const AnswererSettings& settings) {
  return std::make_unique<MqttAnswers>(settings);
}

}  // namespace muster::bench
