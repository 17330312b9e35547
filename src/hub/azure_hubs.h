#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "hub/azure_link.h"
#include "provisioning/hub_link.h"

namespace muster::hub {

/// Hubs that others serve: Azure IoT hubs, or anything with their service API (hub-api.md 1, 5). Each has a link of its
/// own, so that a slow or dead one holds no device but its own.
///
/// Lifecycle: stop() before whoever awaits answers is destroyed; then every call ends at once. Thread-safe.
class AzureHubs final : public provisioning::HubLink {
 public:
  struct Parts {
    outbound::HttpClient& http;
    const Clock& clock;
    Random& random;
  };

  AzureHubs(Parts parts, AzureLinkSettings settings) : parts_(parts), settings_(settings) {}
  ~AzureHubs() override { stop(); }
  AzureHubs(const AzureHubs&) = delete;
  AzureHubs& operator=(const AzureHubs&) = delete;

  void stop();
  using LinkKey = std::pair<model::InstanceId, std::string>;  ///< the hub in lower case
  /// What is known of a linked hub.
  [[nodiscard]] LinkStatus status(const model::InstanceId& instance, const model::LinkedHub& hub);
  /// Of every hub that was asked for so far.
  [[nodiscard]] std::map<LinkKey, LinkStatus> all() const;

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
  std::shared_ptr<AzureLink> link(const model::InstanceId& instance, const model::LinkedHub& hub);

  Parts parts_;
  const AzureLinkSettings settings_;
  Timers timers_;
  mutable std::mutex mutex_;  // protects what follows
  std::map<LinkKey, std::shared_ptr<AzureLink>> links_;
  bool stopped_ = false;
};

}  // namespace muster::hub
