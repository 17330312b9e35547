#include "server/metrics/observed_hub.h"

#include <utility>

#include "base/text.h"

namespace muster::server {

HubMetrics::HubMetrics()
    : durations_("muster_hub_call_duration_seconds", "Calls of linked hubs", {"iot_hub_name", "operation", "result"},
                 duration_bounds()) {
}

void HubMetrics::called(const std::string& hub, std::string_view operation, std::string_view result,
                        std::chrono::nanoseconds took) {
  durations_.at({to_lower(hub), std::string(operation), std::string(result)}).observe(took);
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
                                                              const model::LinkedHub& hub,
                                                              provisioning::HubDeviceSpec spec) {
  auto put = hubs_.stored_put(instance, hub, std::move(spec));
  if (!put || metrics_ == nullptr) return put;
  put->change = [this, hub = hub.host_name, change = std::move(put->change)](const model::HubDevice* current) mutable {
    const auto begin = std::chrono::steady_clock::now();
    auto device = change(current);
    called(hub, "put_device", device ? nullptr : &device.error(), begin);
    return device;
  };
  return put;
}

Task<Result<void>> ObservedHub::put_device(model::InstanceId instance, model::LinkedHub hub,
                                           provisioning::HubDeviceSpec spec) {
  std::string name = hub.host_name;
  return measure<void>(std::move(name), "put_device",
                       hubs_.put_device(std::move(instance), std::move(hub), std::move(spec)));
}

Task<Result<std::optional<provisioning::TwinState>>> ObservedHub::read_twin(model::InstanceId instance,
                                                                            model::LinkedHub hub,
                                                                            std::string device_id) {
  std::string name = hub.host_name;
  return measure<std::optional<provisioning::TwinState>>(
      std::move(name), "read_twin", hubs_.read_twin(std::move(instance), std::move(hub), std::move(device_id)));
}

Task<Result<void>> ObservedHub::delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) {
  std::string name = hub.host_name;
  return measure<void>(std::move(name), "delete_device",
                       hubs_.delete_device(std::move(instance), std::move(hub), std::move(device_id)));
}

}  // namespace muster::server
