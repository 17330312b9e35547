#pragma once

#include "model/instance.h"
#include "model/registration.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"

namespace muster::provisioning {

/// Told what becomes of register calls, to count and to log it. Called where it happens, from several
/// threads; must be quick. Outlives the registrar.
class RegistrationObserver {
 public:
  virtual ~RegistrationObserver() = default;
  /// A register call was judged; a refusal ends it.
  virtual void attested(const DeviceRequest& request, const Decision& decision) noexcept = 0;
  /// The result of an operation is on disk at `at`. A device that comes again in the meantime adds none.
  virtual void registered(const model::InstanceId& instance, const model::Operation& operation,
                          const model::Registration& record, TimePoint at) noexcept = 0;
  /// An operation has no result, for a fault of the store or a passing one of the hub; it stays open.
  virtual void stuck(const model::InstanceId& instance, const model::Operation& operation) noexcept = 0;
};

}  // namespace muster::provisioning
