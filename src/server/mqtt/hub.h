#pragma once

#include "server/api/device_gateway.h"
#include "server/mqtt/device_session.h"
#include "server/mqtt/owner.h"

namespace muster::server::mqtt {

/// The hubs that are served here, to their devices (hub-api.md 2, 3). Every refusal is return code 5, which is what
/// clients look for; 3 asks them to come again. Thread-safe; what it refers to outlives it.
class Hub final : public Owner {
 public:
  explicit Hub(const HubParts& parts) : parts_(parts) {}

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  Task<bool> tell_of_contest(hub::HubName hub, std::string device_id, std::string generation_id,
                             model::IdentityContest contest);

  const HubParts parts_;
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
