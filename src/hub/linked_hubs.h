#pragma once

#include "hub/azure_hubs.h"
#include "hub/local_hub.h"
#include "provisioning/hub_link.h"

namespace muster::hub {

/// Every linked hub, each served by what its kind takes. Both outlive this. Thread-safe.
class LinkedHubs final : public provisioning::HubLink {
 public:
  LinkedHubs(LocalHub& local, AzureHubs& azure) : local_(local), azure_(azure) {}

  Task<Result<provisioning::PutOutcome>> put_identity(model::InstanceId instance, model::LinkedHub hub,
                                                      provisioning::HubDeviceSpec spec) override {
    HubLink& to = of(hub);
    return to.put_identity(std::move(instance), std::move(hub), std::move(spec));
  }
  Task<Result<void>> write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::InitialTwin twin, TwinWrite how) override {
    HubLink& to = of(hub);
    return to.write_twin(std::move(instance), std::move(hub), std::move(device_id), std::move(twin), how);
  }
  Task<Result<std::optional<provisioning::DeviceData>>> read_device(model::InstanceId instance, model::LinkedHub hub,
                                                                    std::string device_id) override {
    HubLink& to = of(hub);
    return to.read_device(std::move(instance), std::move(hub), std::move(device_id));
  }
  Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) override {
    HubLink& to = of(hub);
    return to.delete_device(std::move(instance), std::move(hub), std::move(device_id));
  }
  Task<Result<bool>> set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::HubDeviceStatus status) override {
    HubLink& to = of(hub);
    return to.set_status(std::move(instance), std::move(hub), std::move(device_id), std::move(status));
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                   provisioning::HubDeviceSpec spec,
                                                   std::optional<provisioning::StoredLeave> leave) override {
    return of(hub).stored_put(instance, hub, std::move(spec), std::move(leave));
  }
  std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                        std::string device_id,
                                                        const provisioning::DeviceData* read) override {
    return of(hub).stored_removal(instance, hub, std::move(device_id), read);
  }
  [[nodiscard]] std::chrono::seconds expected_wait(const model::InstanceId& instance,
                                                   const model::LinkedHub& hub) override {
    return of(hub).expected_wait(instance, hub);
  }
  [[nodiscard]] std::optional<std::chrono::milliseconds> latency(const model::InstanceId& instance,
                                                                 const model::LinkedHub& hub) override {
    return of(hub).latency(instance, hub);
  }
  [[nodiscard]] bool answers(const model::InstanceId& instance, const model::LinkedHub& hub) override {
    return of(hub).answers(instance, hub);
  }

 private:
  HubLink& of(const model::LinkedHub& hub) {
    if (hub.kind == model::HubKind::kLocal) return local_;
    return azure_;
  }

  LocalHub& local_;
  AzureHubs& azure_;
};

}  // namespace muster::hub
