#pragma once

#include "hub/device_messages.h"
#include "hub/device_proof.h"
#include "hub/device_twins.h"
#include "hub/direct_methods.h"
#include "hub/event_log.h"
#include "hub/live_devices.h"
#include "server/api/device_gateway.h"
#include "server/api/instance_directory.h"
#include "server/mqtt/owner.h"

namespace muster::server::mqtt {

/// The hubs that are served here, to their devices (hub-api.md 2, 3). Every refusal is return code 5, which is what
/// clients look for; 3 asks them to come again. Thread-safe; what it refers to outlives it.
class Hub final : public Owner {
 public:
  struct Parts {
    const InstanceDirectory& instances;
    store::Store& store;
    const Clock& clock;
    hub::LiveDevices& devices;
    hub::DirectMethods& methods;
    hub::DeviceTwins& twins;
    hub::EventLog& events;
    hub::DeviceMessages& messages;
    Timers& timers;
    hub::ProofSettings proof;
    model::HubNoticeSettings notices;
  };

  explicit Hub(const Parts& parts) : parts_(parts) {}

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  class DeviceSession;

  Parts parts_;
};

/// Both kinds of devices at one endpoint: the user name begins with an ID scope or with a hub (design section 1).
class DeviceOwner final : public Owner {
 public:
  DeviceOwner(const DeviceGateway& gateway, Owner& provisioning, Owner& hub)
      : gateway_(gateway), provisioning_(provisioning), hub_(hub) {}

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  const DeviceGateway& gateway_;
  Owner& provisioning_;
  Owner& hub_;
};

}  // namespace muster::server::mqtt
