#pragma once

#include <prometheus/collectable.h>

#include "provisioning/hub_link.h"
#include "server/metrics/histogram.h"

namespace muster::server {

/// How long calls of linked hubs take and how they end. Thread-safe.
class HubMetrics final : public prometheus::Collectable {
 public:
  HubMetrics();

  /// `result`: "ok" or the code of the error.
  void called(const std::string& hub, std::string_view operation, std::string_view result,
              std::chrono::nanoseconds took);
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override { return durations_.Collect(); }

 private:
  HistogramFamily durations_;
};

/// A hub link whose calls are measured.
class ObservedHub final : public provisioning::HubLink {
 public:
  /// Both outlive this; without metrics nothing is measured.
  ObservedHub(provisioning::HubLink& hubs, HubMetrics* metrics) : hubs_(hubs), metrics_(metrics) {}

  Task<Result<provisioning::PutOutcome>> put_identity(model::InstanceId instance, model::LinkedHub hub,
                                                      provisioning::HubDeviceSpec spec) override;
  Task<Result<void>> write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::InitialTwin twin, TwinWrite how) override;
  Task<Result<std::optional<provisioning::DeviceData>>> read_device(model::InstanceId instance, model::LinkedHub hub,
                                                                    std::string device_id) override;
  Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) override;
  Task<Result<bool>> set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                provisioning::HubDeviceStatus status) override;
  /// Counted with what making the change takes; its commit is the store's.
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                   provisioning::HubDeviceSpec spec,
                                                   std::optional<provisioning::StoredLeave> leave) override;
  std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                        std::string device_id,
                                                        const provisioning::DeviceData* read) override;
  [[nodiscard]] std::chrono::seconds expected_wait(const model::InstanceId& instance,
                                                   const model::LinkedHub& hub) override {
    return hubs_.expected_wait(instance, hub);
  }
  [[nodiscard]] std::optional<std::chrono::milliseconds> latency(const model::InstanceId& instance,
                                                                 const model::LinkedHub& hub) override {
    return hubs_.latency(instance, hub);
  }
  [[nodiscard]] bool answers(const model::InstanceId& instance, const model::LinkedHub& hub) override {
    return hubs_.answers(instance, hub);
  }

 private:
  void called(const std::string& hub, std::string_view operation, const Error* error,
              std::chrono::steady_clock::time_point begin);
  template <class T>
  Task<Result<T>> measure(std::string hub, std::string_view operation, Task<Result<T>> call);

  provisioning::HubLink& hubs_;
  HubMetrics* metrics_;
};

}  // namespace muster::server
