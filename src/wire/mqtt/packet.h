#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace muster::wire::mqtt {

// The control packets of MQTT 3.1.1 (OASIS standard, sections 2 and 3) as values.

enum class PacketType : std::uint8_t {
  kConnect = 1,
  kConnack,
  kPublish,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kPingreq,
  kPingresp,
  kDisconnect,
};

enum class Qos : std::uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };

/// What a CONNACK says (3.2.2.3).
enum class ConnectReturn : std::uint8_t {
  kAccepted = 0,
  kUnacceptableProtocolVersion = 1,
  kIdentifierRejected = 2,
  kServerUnavailable = 3,
  kBadUserNameOrPassword = 4,
  kNotAuthorized = 5,
};

/// A SUBACK's "no" to one filter (3.9.3); the other values are granted QoS.
inline constexpr std::uint8_t kSubscribeFailure = 0x80;

struct Will {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;

  bool operator==(const Will&) const = default;
};

struct Connect {
  std::string client_id;
  bool clean_session = true;
  std::uint16_t keep_alive = 0;  ///< seconds; 0: none
  std::optional<Will> will = {};
  std::optional<std::string> user_name = {};
  std::optional<std::string> password = {};

  bool operator==(const Connect&) const = default;
};

struct Connack {
  bool session_present = false;
  ConnectReturn code = ConnectReturn::kAccepted;

  bool operator==(const Connack&) const = default;
};

struct Publish {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool duplicate = false;
  std::uint16_t packet_id = 0;  ///< 0 with QoS 0, only then

  bool operator==(const Publish&) const = default;
};

/// PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK: `type` tells which.
struct Ack {
  PacketType type = PacketType::kPuback;
  std::uint16_t packet_id = 0;

  bool operator==(const Ack&) const = default;
};

struct Subscription {
  std::string filter;
  Qos qos = Qos::kAtMostOnce;

  bool operator==(const Subscription&) const = default;
};

struct Subscribe {
  std::uint16_t packet_id = 0;
  std::vector<Subscription> subscriptions;  ///< one at least

  bool operator==(const Subscribe&) const = default;
};

struct Suback {
  std::uint16_t packet_id = 0;
  std::vector<std::uint8_t> granted;  ///< a QoS or kSubscribeFailure for each filter, in their order

  bool operator==(const Suback&) const = default;
};

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::vector<std::string> filters;  ///< one at least

  bool operator==(const Unsubscribe&) const = default;
};

/// PINGREQ, PINGRESP and DISCONNECT, which say nothing but their type.
struct Signal {
  PacketType type = PacketType::kPingreq;

  bool operator==(const Signal&) const = default;
};

using Packet = std::variant<Connect, Connack, Publish, Ack, Subscribe, Suback, Unsubscribe, Signal>;

}  // namespace muster::wire::mqtt
