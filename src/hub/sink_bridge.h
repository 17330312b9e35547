#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/secret.h"
#include "base/thread_executor.h"
#include "hub/broker_connection.h"
#include "hub/sink.h"

namespace muster::hub {

/// Delivers events as messages of an MQTT broker, with QoS 1: an event is the broker's when the broker has acknowledged
/// it. What it waits for, it waits for on a thread of its own.
class SinkBridge final : public SinkTarget {
 public:
  SinkBridge(SinkSettings settings, SecretBytes password)
      : settings_(std::move(settings)), password_(std::move(password)) {}

  Task<Delivery> deliver(const HubName& hub, const std::vector<model::HubEvent>& events) override;
  void stop() override;

 private:
  Delivery deliver_now(const HubName& hub, const std::vector<model::HubEvent>& events);
  /// The one that is up, or a new one.
  Result<std::shared_ptr<BrokerConnection>> connection(const HubName& hub);
  void replace_connection(std::shared_ptr<BrokerConnection> connection);

  const SinkSettings settings_;
  const SecretBytes password_;
  std::mutex mutex_;                              // protects the next two
  std::shared_ptr<BrokerConnection> connection_;  ///< written on the bridge's thread only
  bool stopping_ = false;

  ThreadExecutor executor_;  // last
};

/// `PREFIX/HUB/devices/ID/events`; what devices did not say themselves ends with its source in the place of `events`
/// (hub-api.md 6.1). Of ids that have them, `+`, `#` and `%` are percent-encoded: a topic cannot have the first two.
std::string bridge_topic(const std::string& prefix, const HubName& hub, const model::HubEvent& event);

}  // namespace muster::hub
