#include "wire/mqtt/decode.h"

#include <string_view>
#include <utility>

#include "base/text.h"
#include "wire/mqtt/topic.h"

namespace muster::wire::mqtt {
namespace {

constexpr std::uint8_t kProtocolLevel = 4;

// Connect flags (3.1.2.3).
constexpr std::uint8_t kReservedFlag = 0x01;
constexpr std::uint8_t kCleanSessionFlag = 0x02;
constexpr std::uint8_t kWillFlag = 0x04;
constexpr std::uint8_t kWillQosShift = 3;
constexpr std::uint8_t kWillRetainFlag = 0x20;
constexpr std::uint8_t kPasswordFlag = 0x40;
constexpr std::uint8_t kUserNameFlag = 0x80;

constexpr std::uint8_t kQosMask = 0x03;

/// Takes fields off the front of a body. After the first one that does not fit everything is empty and failed() holds.
class BodyReader {
 public:
  explicit BodyReader(ByteView body) : rest_(body) {}

  std::uint8_t octet() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t word() { return number(2); }

  std::string_view octets(std::size_t count) {
    if (failed_ || rest_.size() < count) {
      failed_ = true;
      return {};
    }
    const std::string_view out = as_text(rest_.first(count));
    rest_ = rest_.subspan(count);
    return out;
  }
  /// Octets with their number in front of them.
  std::string_view counted() { return octets(word()); }
  std::string_view rest() { return octets(rest_.size()); }

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::uint16_t number(std::size_t size) {
    std::uint16_t out = 0;
    for (const char octet : octets(size))
      out = static_cast<std::uint16_t>(out << 8U | static_cast<std::uint8_t>(octet));
    return out;
  }

  ByteView rest_;
  bool failed_ = false;
};

std::unexpected<Error> malformed(std::string_view what) {
  return invalid("Malformed MQTT packet: " + std::string(what) + ".");
}

std::unexpected<Error> cut_short() {
  return malformed("it is shorter than its fields");
}

/// UTF-8 without U+0000 (1.5.3).
bool is_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && is_utf8(text);
}

std::optional<Qos> qos_of(unsigned bits) {
  if (bits > static_cast<unsigned>(Qos::kExactlyOnce)) return std::nullopt;
  return static_cast<Qos>(bits);
}

/// The flags that a packet type must have (2.2.2); PUBLISH has its own.
std::uint8_t fixed_flags(PacketType type) {
  return type == PacketType::kPubrel || type == PacketType::kSubscribe || type == PacketType::kUnsubscribe ? 0x02 : 0;
}

Result<std::optional<Will>> decode_will(BodyReader& body, std::uint8_t flags) {
  const auto qos = qos_of((flags >> kWillQosShift) & kQosMask);
  if (!qos) return malformed("a will has no QoS 3");
  if ((flags & kWillFlag) == 0) {
    if (*qos != Qos::kAtMostOnce || (flags & kWillRetainFlag) != 0) return malformed("will flags without a will");
    return std::nullopt;
  }
  Will will{.topic = std::string(body.counted()),
            .payload = std::string(body.counted()),
            .qos = *qos,
            .retain = (flags & kWillRetainFlag) != 0};
  if (!body.failed() && !is_topic_name(will.topic)) return malformed("the will's topic is not a topic name");
  return will;
}

Result<Packet> decode_connect(BodyReader body) {
  const std::string_view protocol = body.counted();
  const std::uint8_t level = body.octet();
  if (body.failed()) return cut_short();
  if (protocol != "MQTT" || level != kProtocolLevel) {
    if (protocol != "MQTT" && protocol != "MQIsdp") return malformed("the protocol is not MQTT");
    return fail(ErrorCode::kUnsupported, "Only MQTT 3.1.1 is spoken here.");
  }
  const std::uint8_t flags = body.octet();
  Connect connect;
  connect.keep_alive = body.word();
  connect.client_id = body.counted();
  connect.clean_session = (flags & kCleanSessionFlag) != 0;
  auto will = decode_will(body, flags);
  if (!will) return std::unexpected(will.error());
  connect.will = std::move(*will);
  if ((flags & kUserNameFlag) != 0) connect.user_name = body.counted();
  if ((flags & kPasswordFlag) != 0) connect.password = body.counted();
  if (body.failed()) return cut_short();
  if ((flags & kReservedFlag) != 0) return malformed("the reserved connect flag is set");
  if ((flags & kPasswordFlag) != 0 && (flags & kUserNameFlag) == 0) return malformed("a password without a user name");
  if (!is_text(connect.client_id) || !is_text(connect.user_name.value_or(""))) return malformed("a text is not UTF-8");
  if (!body.empty()) return malformed("octets behind the last field");
  return connect;
}

Result<Packet> decode_connack(BodyReader body) {
  const std::uint8_t flags = body.octet();
  const std::uint8_t code = body.octet();
  if (body.failed()) return cut_short();
  if (flags > 1 || code > static_cast<std::uint8_t>(ConnectReturn::kNotAuthorized)) return malformed("CONNACK");
  return Connack{.session_present = flags != 0, .code = static_cast<ConnectReturn>(code)};
}

Result<Packet> decode_publish(std::uint8_t flags, BodyReader body) {
  const auto qos = qos_of((flags >> 1U) & kQosMask);
  if (!qos) return malformed("there is no QoS 3");
  Publish publish{.topic = std::string(body.counted()), .payload = {}};
  publish.qos = *qos;
  publish.retain = (flags & 0x01U) != 0;
  publish.duplicate = (flags & 0x08U) != 0;
  if (publish.qos != Qos::kAtMostOnce) {
    publish.packet_id = body.word();
    if (!body.failed() && publish.packet_id == 0) return malformed("packet id 0");
  } else if (publish.duplicate) {
    return malformed("a duplicate with QoS 0");
  }
  publish.payload = body.rest();
  if (body.failed()) return cut_short();
  if (!is_topic_name(publish.topic)) return malformed("the topic is not a topic name");
  return publish;
}

Result<Packet> decode_ack(PacketType type, BodyReader body) {
  const Ack ack{.type = type, .packet_id = body.word()};
  if (body.failed()) return cut_short();
  if (ack.packet_id == 0) return malformed("packet id 0");
  return ack;
}

Result<Packet> decode_subscribe(BodyReader body) {
  Subscribe subscribe{.packet_id = body.word(), .subscriptions = {}};
  while (!body.empty() && !body.failed()) {
    const std::string_view filter = body.counted();
    const auto qos = qos_of(body.octet());
    if (body.failed()) break;
    if (!qos) return malformed("there is no QoS 3");
    if (!is_topic_filter(filter)) return malformed("a filter is not a topic filter");
    subscribe.subscriptions.push_back({std::string(filter), *qos});
  }
  if (body.failed()) return cut_short();
  if (subscribe.packet_id == 0) return malformed("packet id 0");
  if (subscribe.subscriptions.empty()) return malformed("a SUBSCRIBE without filters");
  return subscribe;
}

Result<Packet> decode_unsubscribe(BodyReader body) {
  Unsubscribe unsubscribe{.packet_id = body.word(), .filters = {}};
  while (!body.empty() && !body.failed()) {
    const std::string_view filter = body.counted();
    if (body.failed()) break;
    if (!is_topic_filter(filter)) return malformed("a filter is not a topic filter");
    unsubscribe.filters.emplace_back(filter);
  }
  if (body.failed()) return cut_short();
  if (unsubscribe.packet_id == 0) return malformed("packet id 0");
  if (unsubscribe.filters.empty()) return malformed("an UNSUBSCRIBE without filters");
  return unsubscribe;
}

Result<Packet> decode_suback(BodyReader body) {
  Suback suback{.packet_id = body.word(), .granted = {}};
  for (const char octet : body.rest()) {
    const auto code = static_cast<std::uint8_t>(octet);
    if (code != kSubscribeFailure && !qos_of(code)) return malformed("SUBACK");
    suback.granted.push_back(code);
  }
  if (body.failed()) return cut_short();
  if (suback.packet_id == 0 || suback.granted.empty()) return malformed("SUBACK");
  return suback;
}

}  // namespace

Result<std::optional<FixedHeader>> read_fixed_header(ByteView octets, std::size_t max_packet) {
  if (octets.empty()) return std::nullopt;
  const auto type = static_cast<unsigned>(octets[0] >> 4U);
  if (type < static_cast<unsigned>(PacketType::kConnect) || type > static_cast<unsigned>(PacketType::kDisconnect)) {
    return malformed("there is no such packet type");
  }
  FixedHeader header{.type = static_cast<PacketType>(type), .flags = static_cast<std::uint8_t>(octets[0] & 0x0FU)};
  if (header.type != PacketType::kPublish && header.flags != fixed_flags(header.type)) {
    return malformed("reserved flags of the header");
  }
  // The remaining length: 7 bits an octet, the lowest first, four octets at most (2.2.3).
  constexpr std::size_t kLongest = 4;
  for (std::size_t i = 0; i < kLongest; ++i) {
    if (octets.size() <= i + 1) return std::nullopt;
    header.body_size |= static_cast<std::size_t>(octets[i + 1] & 0x7FU) << (7 * i);
    header.size = i + 2;
    if (header.size + header.body_size > max_packet) {
      return fail(ErrorCode::kTooLarge, "The MQTT packet is too large.");
    }
    if ((octets[i + 1] & 0x80U) == 0) return header;
  }
  return malformed("the remaining length has no end");
}

Result<Packet> decode(const FixedHeader& header, ByteView body) {
  if (body.size() != header.body_size) return cut_short();
  const BodyReader reader(body);
  switch (header.type) {
    case PacketType::kConnect:
      return decode_connect(reader);
    case PacketType::kPublish:
      return decode_publish(header.flags, reader);
    case PacketType::kSubscribe:
      return decode_subscribe(reader);
    case PacketType::kSuback:
      return decode_suback(reader);
    case PacketType::kUnsubscribe:
      return decode_unsubscribe(reader);
    case PacketType::kConnack:
      if (body.size() != 2) return malformed("its length is wrong for its type");
      return decode_connack(reader);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
    case PacketType::kUnsuback:
      if (body.size() != 2) return malformed("its length is wrong for its type");
      return decode_ack(header.type, reader);
    case PacketType::kPingreq:
    case PacketType::kPingresp:
    case PacketType::kDisconnect:
      if (!body.empty()) return malformed("its length is wrong for its type");
      return Signal{header.type};
  }
  return malformed("there is no such packet type");
}

}  // namespace muster::wire::mqtt
