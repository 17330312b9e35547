#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "provisioning/hub_link.h"
#include "store/store.h"

namespace muster::hub {

/// The hubs that this installation serves itself: provisioning writes straight into their device registry in the store.
/// A hub of another kind is refused with kUnsupported. Stateless, thread-safe.
class LocalHub final : public provisioning::HubLink {
 public:
  LocalHub(store::Store& store, const Clock& clock, Random& random) : store_(store), clock_(clock), random_(random) {}

  Task<Result<void>> put_device(model::InstanceId instance, model::LinkedHub hub,
                                provisioning::HubDeviceSpec spec) override;
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                   provisioning::HubDeviceSpec spec) override;
  Task<Result<std::optional<provisioning::TwinState>>> read_twin(model::InstanceId instance, model::LinkedHub hub,
                                                                 std::string device_id) override;
  Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) override;

 private:
  store::Store& store_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace muster::hub
