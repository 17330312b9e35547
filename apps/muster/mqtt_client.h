#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muster/octet_channel.h"
#include "wire/mqtt/packet.h"

namespace muster::cli {

/// The client's side of one MQTT 3.1.1 connection. Errors are kUnavailable when the connection is lost, kInternal when
/// the service sends what is out of place; the connection is of no use afterwards.
///
/// Lifecycle: connect() once, then the rest; the destructor takes leave.
class MqttClient {
 public:
  explicit MqttClient(std::unique_ptr<OctetChannel> channel) : channel_(std::move(channel)) {}
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  /// kUnauthorized and kUnavailable when the service refuses, by its return code.
  Result<void> connect(const wire::mqtt::Connect& packet);
  /// All filters at QoS 1, before anything is published. kUnauthorized when one of them is refused.
  Result<void> subscribe(const std::vector<std::string>& filters);
  /// At QoS 1; the packet id that its PUBACK will have.
  Result<std::uint16_t> publish(std::string topic, std::string payload);
  Result<void> ping();

  /// The next packet. Messages are acknowledged.
  Result<wire::mqtt::Packet> receive();
  /// The same; nullopt when none comes within `wait`.
  Result<std::optional<wire::mqtt::Packet>> receive_within(std::chrono::milliseconds wait);

 private:
  Result<void> send(const wire::mqtt::Packet& packet);
  /// A packet that has come as a whole, acknowledged.
  Result<std::optional<wire::mqtt::Packet>> take();
  std::uint16_t next_packet_id();

  std::unique_ptr<OctetChannel> channel_;
  Bytes inbox_;
  std::uint16_t last_packet_id_ = 0;
};

}  // namespace muster::cli
