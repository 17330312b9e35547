#pragma once

#include "server/api/device_gateway.h"
#include "server/mqtt/owner.h"

namespace muster::server::mqtt {

/// The device API over MQTT (device-api.md 6). Anybody may connect who names a device; what proves that it is this
/// device is judged with each request, so that a refusal comes with its reason on the response topic (6.3). No session
/// is kept, a will is ignored.
class Provisioning final : public Owner {
 public:
  /// `gateway` outlives this.
  explicit Provisioning(DeviceGateway& gateway) : gateway_(gateway) {}

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  DeviceGateway& gateway_;
};

}  // namespace muster::server::mqtt
