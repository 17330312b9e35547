#include "wire/mqtt/encode.h"

#include <string_view>

namespace muster::wire::mqtt {
namespace {

constexpr std::size_t kCount = 2;  // octets of a packet id, and of the number in front of a string

void append_word(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_octets(Bytes& out, std::string_view octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

void append_counted(Bytes& out, std::string_view octets) {
  append_word(out, octets.size());
  append_octets(out, octets);
}

void append_header(Bytes& out, PacketType type, unsigned flags, std::size_t body_size) {
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
  std::size_t rest = body_size;
  do {
    const auto low = static_cast<std::uint8_t>(rest & 0x7FU);
    rest >>= 7U;
    out.push_back(rest > 0 ? static_cast<std::uint8_t>(low | 0x80U) : low);
  } while (rest > 0);
}

unsigned bit(bool set, unsigned position) {
  return set ? 1U << position : 0U;
}

struct Appender {
  Bytes& out;

  void operator()(const Connect& connect) const {
    std::size_t size = kCount + 4 + 4 + kCount + connect.client_id.size();
    unsigned flags = bit(connect.clean_session, 1);
    if (connect.will) {
      size += kCount + connect.will->topic.size() + kCount + connect.will->payload.size();
      flags |= bit(true, 2) | static_cast<unsigned>(connect.will->qos) << 3U | bit(connect.will->retain, 5);
    }
    for (const auto& [text, position] : {std::pair(&connect.password, 6U), std::pair(&connect.user_name, 7U)}) {
      if (!*text) continue;
      size += kCount + (*text)->size();
      flags |= bit(true, position);
    }
    append_header(out, PacketType::kConnect, 0, size);
    append_counted(out, "MQTT");
    out.push_back(4);
    out.push_back(static_cast<std::uint8_t>(flags));
    append_word(out, connect.keep_alive);
    append_counted(out, connect.client_id);
    if (connect.will) {
      append_counted(out, connect.will->topic);
      append_counted(out, connect.will->payload);
    }
    if (connect.user_name) append_counted(out, *connect.user_name);
    if (connect.password) append_counted(out, *connect.password);
  }

  void operator()(const Connack& connack) const {
    append_header(out, PacketType::kConnack, 0, 2);
    out.push_back(connack.session_present ? 1 : 0);
    out.push_back(static_cast<std::uint8_t>(connack.code));
  }

  void operator()(const Publish& publish) const {
    const bool numbered = publish.qos != Qos::kAtMostOnce;
    const unsigned flags =
        bit(publish.retain, 0) | static_cast<unsigned>(publish.qos) << 1U | bit(publish.duplicate, 3);
    append_header(out, PacketType::kPublish, flags,
                  kCount + publish.topic.size() + (numbered ? kCount : 0) + publish.payload.size());
    append_counted(out, publish.topic);
    if (numbered) append_word(out, publish.packet_id);
    append_octets(out, publish.payload);
  }

  void operator()(const Ack& ack) const {
    append_header(out, ack.type, bit(ack.type == PacketType::kPubrel, 1), 2);
    append_word(out, ack.packet_id);
  }

  void operator()(const Subscribe& subscribe) const {
    std::size_t size = kCount;
    for (const Subscription& each : subscribe.subscriptions) size += kCount + each.filter.size() + 1;
    append_header(out, PacketType::kSubscribe, bit(true, 1), size);
    append_word(out, subscribe.packet_id);
    for (const Subscription& each : subscribe.subscriptions) {
      append_counted(out, each.filter);
      out.push_back(static_cast<std::uint8_t>(each.qos));
    }
  }

  void operator()(const Suback& suback) const {
    append_header(out, PacketType::kSuback, 0, kCount + suback.granted.size());
    append_word(out, suback.packet_id);
    out.insert(out.end(), suback.granted.begin(), suback.granted.end());
  }

  void operator()(const Unsubscribe& unsubscribe) const {
    std::size_t size = kCount;
    for (const std::string& filter : unsubscribe.filters) size += kCount + filter.size();
    append_header(out, PacketType::kUnsubscribe, bit(true, 1), size);
    append_word(out, unsubscribe.packet_id);
    for (const std::string& filter : unsubscribe.filters) append_counted(out, filter);
  }

  void operator()(const Signal& signal) const { append_header(out, signal.type, 0, 0); }
};

}  // namespace

void append(Bytes& out, const Packet& packet) {
  std::visit(Appender{out}, packet);
}

Bytes encode(const Packet& packet) {
  Bytes out;
  append(out, packet);
  return out;
}

}  // namespace muster::wire::mqtt
