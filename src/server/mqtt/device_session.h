#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hub/device_messages.h"
#include "hub/device_proof.h"
#include "hub/device_twins.h"
#include "hub/direct_methods.h"
#include "hub/event_log.h"
#include "hub/hub_counters.h"
#include "hub/live_devices.h"
#include "model/hub_notice.h"
#include "server/api/instance_directory.h"
#include "server/mqtt/owner.h"

namespace muster::server::mqtt {

/// What serving devices of a hub takes; all of it outlives the connections.
struct HubParts {
  const InstanceDirectory& instances;
  store::Store& store;
  const Clock& clock;
  hub::LiveDevices& devices;
  hub::DirectMethods& methods;
  hub::DeviceTwins& twins;
  hub::EventLog& events;
  hub::DeviceMessages& messages;
  Timers& timers;
  hub::AllHubCounters& counters;
  hub::ProofSettings proof;
  model::HubNoticeSettings notices;
};

/// A device that was let in, for as long as its connection lasts (hub-api.md 2.4, 3).
class DeviceSession final : public Session {
 public:
  struct Facts {
    hub::HubName hub;
    std::string device_id;
    std::string generation_id;
    std::string auth_method;
    std::uint64_t visit = 0;
    std::optional<model::HubEvent> will = {};
    std::optional<wire::mqtt::Qos> messages = {};  ///< what a kept session had been granted for them
    std::optional<Timers::Id> end = {};            ///< of its token
  };

  DeviceSession(const HubParts& parts, Facts facts, std::shared_ptr<Outbox> outbox);
  ~DeviceSession() override;
  DeviceSession(const DeviceSession&) = delete;
  DeviceSession& operator=(const DeviceSession&) = delete;

  void began() override;
  Task<std::uint8_t> subscribe(wire::mqtt::Subscription wanted) override;
  Task<bool> unsubscribe(std::string filter) override;
  Task<Result<Rest>> publish(wire::mqtt::Publish message) override;
  void ended(bool orderly) override;

 private:
  void begin_messages(wire::mqtt::Qos granted);
  Result<Rest> take_telemetry(wire::TelemetryTopic topic, wire::mqtt::Publish message);
  Task<Result<void>> tell_twin(std::string request_id);
  Task<Result<void>> take_report(std::string request_id, std::string payload);
  void answer(std::string topic, std::string payload);

  const HubParts& parts_;
  const Facts facts_;
  hub::HubCounters& counters_;
  std::shared_ptr<Outbox> outbox_;
};

}  // namespace muster::server::mqtt
