#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "muster/mqtt_client.h"
#include "wire/hub_topic.h"

namespace muster::cli {

/// Who connects, and what proves it.
struct HubLogin {
  std::string hub;  ///< host name
  std::string device_id;
  std::string token;  ///< empty: the client certificate proves it
};

struct MethodCall {
  std::string name;
  std::string request_id;
  std::string payload;  ///< JSON

  bool operator==(const MethodCall&) const = default;
};
struct DesiredChange {
  std::int64_t version = 0;
  std::string patch;  ///< JSON
};
struct CloudMessage {
  wire::PropertyBag properties;
  std::string body;
};
/// The hub has what was published with this id.
struct Acknowledged {
  std::uint16_t packet_id = 0;
};
using HubMessage = std::variant<MethodCall, DesiredChange, CloudMessage, Acknowledged>;

/// A device's connection to its hub over MQTT (hub-api.md 2, 3). Errors as of MqttClient; after one the session is of
/// no use.
class HubSession {
 public:
  /// Connects and subscribes to methods, desired properties and messages. kUnauthorized: the hub refuses the device and
  /// does not say why.
  static Result<std::unique_ptr<HubSession>> open(std::unique_ptr<OctetChannel> channel, const HubLogin& login);

  /// The packet id that will be acknowledged.
  Result<std::uint16_t> send_telemetry(std::string body);
  Result<void> answer(const MethodCall& call, int status, std::string payload);
  Result<void> ping() { return client_.ping(); }
  /// nullopt when nothing of use comes within `wait`.
  Result<std::optional<HubMessage>> next(std::chrono::milliseconds wait);

  /// How long it may be silent; ping() before that.
  static constexpr std::chrono::seconds kKeepAlive{120};

 private:
  HubSession(std::unique_ptr<OctetChannel> channel, std::string device_id)
      : client_(std::move(channel)), device_id_(std::move(device_id)) {}

  MqttClient client_;
  std::string device_id_;
};

}  // namespace muster::cli
