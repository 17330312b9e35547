#include "server/metrics/observed_hub.h"

#include <utility>

#include "base/text.h"

namespace muster::server {

using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::PutOutcome;

HubMetrics::HubMetrics()
    : durations_("muster_hub_call_duration_seconds", "Calls of linked hubs", {"iot_hub_name", "operation", "result"},
                 duration_bounds()) {
}

void HubMetrics::called(const std::string& hub, std::string_view operation, std::string_view result,
                        std::chrono::nanoseconds took) {
  durations_.at({to_lower(hub), operation, result}).observe(took);
}

void ObservedHub::called(const std::string& hub, std::string_view operation, const Error* error,
                         std::chrono::steady_clock::time_point begin) {
  if (metrics_ == nullptr) return;
  metrics_->called(hub, operation, error == nullptr ? "ok" : to_string(error->code),
                   std::chrono::steady_clock::now() - begin);
}

template <class T>
Task<Result<T>> ObservedHub::measure(std::string hub, std::string_view operation, Task<Result<T>> call) {
  const auto begin = std::chrono::steady_clock::now();
  Result<T> result = co_await call;
  called(hub, operation, result ? nullptr : &result.error(), begin);
  co_return result;
}

std::optional<store::HubDeviceChange> ObservedHub::stored_put(const model::InstanceId& instance,
                                                              const model::LinkedHub& hub, HubDeviceSpec spec,
                                                              std::optional<provisioning::StoredLeave> leave) {
  auto put = hubs_.stored_put(instance, hub, std::move(spec), std::move(leave));
  if (!put || metrics_ == nullptr) return put;
  put->change = [this, hub = hub.host_name, change = std::move(put->change)](const model::HubDevice* there,
                                                                             const model::HubDevice* left) mutable {
    const auto begin = std::chrono::steady_clock::now();
    auto device = change(there, left);
    called(hub, "put_device", device ? nullptr : &device.error(), begin);
    return device;
  };
  return put;
}

std::optional<store::HubDeviceRemoval> ObservedHub::stored_removal(const model::InstanceId& instance,
                                                                   const model::LinkedHub& hub, std::string device_id,
                                                                   const provisioning::DeviceData* read) {
  return hubs_.stored_removal(instance, hub, std::move(device_id), read);
}

Task<Result<PutOutcome>> ObservedHub::put_identity(model::InstanceId instance, model::LinkedHub hub,
                                                   HubDeviceSpec spec) {
  std::string name = hub.host_name;
  return measure<PutOutcome>(std::move(name), "put_device",
                             hubs_.put_identity(std::move(instance), std::move(hub), std::move(spec)));
}

Task<Result<void>> ObservedHub::write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                           provisioning::InitialTwin twin, TwinWrite how) {
  std::string name = hub.host_name;
  return measure<void>(
      std::move(name), "write_twin",
      hubs_.write_twin(std::move(instance), std::move(hub), std::move(device_id), std::move(twin), how));
}

Task<Result<std::optional<DeviceData>>> ObservedHub::read_device(model::InstanceId instance, model::LinkedHub hub,
                                                                 std::string device_id) {
  std::string name = hub.host_name;
  return measure<std::optional<DeviceData>>(
      std::move(name), "read_device", hubs_.read_device(std::move(instance), std::move(hub), std::move(device_id)));
}

Task<Result<void>> ObservedHub::delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) {
  std::string name = hub.host_name;
  return measure<void>(std::move(name), "delete_device",
                       hubs_.delete_device(std::move(instance), std::move(hub), std::move(device_id)));
}

Task<Result<bool>> ObservedHub::set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                           provisioning::HubDeviceStatus status) {
  std::string name = hub.host_name;
  return measure<bool>(std::move(name), "set_status",
                       hubs_.set_status(std::move(instance), std::move(hub), std::move(device_id), std::move(status)));
}

}  // namespace muster::server
