#include <charconv>

#include "base/bytes.h"
#include "load/reply.h"
#include "wire/mqtt/decode.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

constexpr std::size_t kMaxPacket = 65'536;
constexpr int kMalformed = -1;

int number_after(std::string_view text, std::string_view mark) {
  int out = 0;
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return out;
  const std::string_view digits = text.substr(at + mark.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

/// `body` is what ends the packet, so that the view outlives the decoded value.
Reply reply_of(const mqtt::Publish& publish, std::string_view packet) {
  return {.status = number_after(publish.topic, "/res/"),
          .retry_after = std::chrono::seconds(number_after(publish.topic, "retry-after=")),
          .body = packet.substr(packet.size() - publish.payload.size())};
}

}  // namespace

bool read_mqtt_reply(std::string_view inbox, Reply& reply) {
  for (;;) {
    const auto header = mqtt::read_fixed_header(as_bytes(inbox), kMaxPacket);
    if (header && (!*header || inbox.size() < (*header)->size + (*header)->body_size)) return false;
    reply = {.status = kMalformed, .retry_after = {}, .body = {}};
    if (!header) return true;
    const std::string_view packet = inbox.substr(0, (*header)->size + (*header)->body_size);
    inbox.remove_prefix(packet.size());
    const auto decoded = mqtt::decode(**header, as_bytes(packet.substr((*header)->size)));
    if (!decoded) return true;
    if (const auto* connack = std::get_if<mqtt::Connack>(&*decoded)) reply.status = static_cast<int>(connack->code);
    if (std::holds_alternative<mqtt::Suback>(*decoded)) reply.status = 0;
    if (const auto* publish = std::get_if<mqtt::Publish>(&*decoded)) reply = reply_of(*publish, packet);
    if (!std::holds_alternative<mqtt::Ack>(*decoded)) return true;
  }
}

bool read_mqtt_acknowledgements(std::string_view inbox, Reply& reply) {
  reply = {};
  bool whole = false;
  while (!inbox.empty()) {
    const auto header = mqtt::read_fixed_header(as_bytes(inbox), kMaxPacket);
    if (header && (!*header || inbox.size() < (*header)->size + (*header)->body_size)) break;
    reply.status = header ? reply.status : kMalformed;
    if (!header) return true;
    const std::string_view body = inbox.substr((*header)->size, (*header)->body_size);
    inbox.remove_prefix((*header)->size + body.size());
    const auto decoded = mqtt::decode(**header, as_bytes(body));
    const auto* connack = decoded ? std::get_if<mqtt::Connack>(&*decoded) : nullptr;
    const auto* ack = decoded ? std::get_if<mqtt::Ack>(&*decoded) : nullptr;
    if (ack != nullptr && ack->type == mqtt::PacketType::kPuback) {
      ++reply.status;
    } else if (connack == nullptr || connack->code != mqtt::ConnectReturn::kAccepted) {
      reply.status = kMalformed;
      return true;
    }
    whole = true;
  }
  return whole && inbox.empty();
}

}  // namespace muster::bench
