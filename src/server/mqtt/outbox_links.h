#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hub/device_messages.h"
#include "hub/live_devices.h"
#include "server/mqtt/outbox.h"

namespace muster::server::mqtt {

/// What is sent to a device goes through its outbox, with QoS 0 as devices subscribe (hub-api.md 3.1).
class OutboxLink final : public hub::DeviceLink {
 public:
  explicit OutboxLink(std::shared_ptr<Outbox> outbox) : outbox_(std::move(outbox)) {}

  bool send(std::string topic, std::string payload) override {
    return outbox_->push(
        {.topic = std::move(topic), .payload = std::move(payload), .qos = wire::mqtt::Qos::kAtMostOnce});
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
  MessagesOut(std::shared_ptr<Outbox> outbox, wire::mqtt::Qos qos) : outbox_(std::move(outbox)), qos_(qos) {}

  bool deliver(Delivery delivery) override {
    wire::mqtt::Publish message{
        .topic = std::move(delivery.topic), .payload = std::move(delivery.payload), .qos = qos_};
    if (qos_ == wire::mqtt::Qos::kAtMostOnce) {  // what the device asked for: nobody tells whether it came
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
  const wire::mqtt::Qos qos_;
};

}  // namespace muster::server::mqtt
