#pragma once

#include "server/amqp/owner.h"
#include "server/api/device_gateway.h"

namespace muster::server::amqp {

/// The device API over AMQP (device-api.md 7). Anybody may connect who names a device; what proves that it is this
/// device is judged with each request, so that a refusal comes with its reason as the verdict on the message (7.3).
class Provisioning final : public Owner {
 public:
  /// `gateway` outlives this.
  explicit Provisioning(DeviceGateway& gateway) : gateway_(gateway) {}

  std::unique_ptr<Session> meet(Newcomer newcomer) override;

 private:
  DeviceGateway& gateway_;
};

}  // namespace muster::server::amqp
