#include "hub/azure_hubs.h"

#include "hub/azure_device.h"

namespace muster::hub {

using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::InitialTwin;
using provisioning::PutOutcome;

void AzureHubs::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  for (const auto& [key, each] : links_) each->close();
}

/// A link with another key begins anew: what went wrong with the old one says nothing about it.
std::shared_ptr<AzureLink> AzureHubs::link(const model::InstanceId& instance, const model::LinkedHub& hub) {
  const std::scoped_lock lock(mutex_);
  auto& known = links_[{instance, model::id_key(hub.host_name)}];
  const bool same = known && known->hub().key_name == hub.key_name && known->hub().key == hub.key;
  if (same) return known;
  if (known) known->close();
  known =
      std::make_shared<AzureLink>(AzureLink::Parts{parts_.http, timers_, parts_.clock, parts_.random}, settings_, hub);
  if (stopped_) known->close();
  return known;
}

LinkStatus AzureHubs::status(const model::InstanceId& instance, const model::LinkedHub& hub) {
  return link(instance, hub)->status();
}

std::map<AzureHubs::LinkKey, LinkStatus> AzureHubs::all() const {
  const std::scoped_lock lock(mutex_);
  std::map<LinkKey, LinkStatus> out;
  for (const auto& [key, each] : links_) out.emplace(key, each->status());
  return out;
}

Task<Result<PutOutcome>> AzureHubs::put_identity(model::InstanceId instance, model::LinkedHub hub, HubDeviceSpec spec) {
  const auto to = link(instance, hub);
  co_return co_await azure_put(*to, std::move(spec), parts_.random);
}

Task<Result<void>> AzureHubs::write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                         InitialTwin twin, TwinWrite how) {
  const auto to = link(instance, hub);
  co_return co_await azure_write_twin(*to, std::move(device_id), std::move(twin), how);
}

Task<Result<std::optional<DeviceData>>> AzureHubs::read_device(model::InstanceId instance, model::LinkedHub hub,
                                                               std::string device_id) {
  const auto to = link(instance, hub);
  co_return co_await azure_read_device(*to, std::move(device_id));
}

Task<Result<void>> AzureHubs::delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) {
  const auto to = link(instance, hub);
  co_return co_await azure_delete(*to, std::move(device_id));
}

Task<Result<bool>> AzureHubs::set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                         provisioning::HubDeviceStatus status) {
  const auto to = link(instance, hub);
  co_return co_await azure_set_status(*to, std::move(device_id), std::move(status));
}

std::optional<store::HubDeviceChange> AzureHubs::stored_put(const model::InstanceId& /*instance*/,
                                                            const model::LinkedHub& /*hub*/, HubDeviceSpec /*spec*/,
                                                            std::optional<provisioning::StoredLeave> /*leave*/) {
  return std::nullopt;
}

std::optional<store::HubDeviceRemoval> AzureHubs::stored_removal(const model::InstanceId& /*instance*/,
                                                                 const model::LinkedHub& /*hub*/,
                                                                 std::string /*device_id*/,
                                                                 const DeviceData* /*read*/) {
  return std::nullopt;
}

std::chrono::seconds AzureHubs::expected_wait(const model::InstanceId& instance, const model::LinkedHub& hub) {
  return link(instance, hub)->expected_wait();
}

std::optional<std::chrono::milliseconds> AzureHubs::latency(const model::InstanceId& instance,
                                                            const model::LinkedHub& hub) {
  return link(instance, hub)->status().latency;
}

bool AzureHubs::answers(const model::InstanceId& instance, const model::LinkedHub& hub) {
  return link(instance, hub)->answers();
}

}  // namespace muster::hub
