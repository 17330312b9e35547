#pragma once

#include "server/api/device_gateway.h"
#include "server/mqtt/device_session.h"
#include "server/mqtt/owner.h"
#include "server/mqtt/refused_connects.h"

namespace muster::server::mqtt {

/// The hubs that are served here, to their devices (hub-api.md 2, 3). Every refusal is return code 5, which is what
/// clients look for; 3 asks them to come again. Thread-safe; what it refers to outlives it.
class Hub final : public Owner {
 public:
  Hub(const HubParts& parts, const RefusedConnectLimits& limits) : parts_(parts), refused_(limits, parts.clock) {}

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  /// A device that has proved itself.
  struct Guest {
    hub::HubName hub;
    model::HubDevice device;
    hub::Admission admission;
    std::optional<model::HubEvent> will;
  };
  struct Denial {
    hub::ConnectResult result;
    std::string hub = {};     ///< empty: none of those that are served here
    std::string reason = {};  ///< for the log alone
  };

  // What they refer to is their caller's, who waits for them.
  Task<std::expected<Guest, Denial>> identify(const Newcomer& newcomer, const Result<wire::HubIdentity>& identity);
  Task<std::expected<Accepted, hub::ConnectResult>> let_in(const Newcomer& newcomer, Guest guest);
  Task<bool> tell_of_contest(const hub::HubName& hub, const model::HubDevice& device,
                             const model::IdentityContest& contest);
  std::unexpected<wire::mqtt::ConnectReturn> deny(const Newcomer& newcomer, const Denial& denial);
  std::unique_ptr<DeviceSession> begin_session(Guest guest, const hub::LiveDevices::Visit& visit,
                                               const std::shared_ptr<Outbox>& outbox);

  const HubParts parts_;
  RefusedConnects refused_;
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
