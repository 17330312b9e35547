#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "hub/registry.h"
#include "provisioning/hub_link.h"
#include "store/store.h"

namespace muster::hub {

/// The hubs that this installation serves itself: provisioning writes straight into their device registry in the store.
/// Stateless, thread-safe.
class LocalHub final : public provisioning::HubLink {
 public:
  struct Parts {
    store::Store& store;
    const Clock& clock;
    Random& random;
    RegistryObserver* observer = nullptr;  ///< may be null; outlives this
  };

  explicit LocalHub(Parts parts) : parts_(parts) {}

  Task<Result<provisioning::PutOutcome>> put_identity(model::InstanceId instance, model::LinkedHub hub,
                                                      provisioning::HubDeviceSpec spec) override;
  Task<Result<void>> write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::InitialTwin twin, TwinWrite how) override;
  Task<Result<std::optional<provisioning::DeviceData>>> read_device(model::InstanceId instance, model::LinkedHub hub,
                                                                    std::string device_id) override;
  Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) override;
  Task<Result<bool>> set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::HubDeviceStatus status) override;
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                   provisioning::HubDeviceSpec spec,
                                                   std::optional<provisioning::StoredLeave> leave) override;
  std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                        std::string device_id,
                                                        const provisioning::DeviceData* read) override;
  [[nodiscard]] std::chrono::seconds expected_wait(const model::InstanceId& instance,
                                                   const model::LinkedHub& hub) override;
  [[nodiscard]] std::optional<std::chrono::milliseconds> latency(const model::InstanceId& instance,
                                                                 const model::LinkedHub& hub) override;
  [[nodiscard]] bool answers(const model::InstanceId& instance, const model::LinkedHub& hub) override;

 private:
  std::move_only_function<void()> shut_out(HubName hub, std::string device_id);

  Parts parts_;
};

}  // namespace muster::hub
