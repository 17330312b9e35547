#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include "model/instance.h"
#include "provisioning/registration_observer.h"
#include "server/metrics/histogram.h"

namespace muster::server {

/// The three metrics of DPS and what else is worth knowing of registrations. Thread-safe.
class RegistrationMetrics final : public provisioning::RegistrationObserver, public prometheus::Collectable {
 public:
  /// `instances` are all there will be, as in InstanceDirectory; `registry` outlives this.
  RegistrationMetrics(prometheus::Registry& registry, std::span<const model::Instance> instances);
  ~RegistrationMetrics() override;

  void attested(const provisioning::DeviceRequest& request, const provisioning::Decision& decision) noexcept override;
  void registered(const model::InstanceId& instance, const model::Operation& operation,
                  const model::Registration& record, TimePoint at) noexcept override;
  void stuck(const model::InstanceId& instance, const model::Operation& operation) noexcept override;
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override { return durations_.Collect(); }

 private:
  using Counters = prometheus::Family<prometheus::Counter>;
  struct OfInstance;

  /// Null for an instance that was not there at the start.
  [[nodiscard]] OfInstance* of(const model::InstanceId& instance) const;

  Counters& attestations_;
  Counters& refusals_;
  Counters& registrations_;
  Counters& assignments_;
  Counters& stuck_;
  HistogramFamily durations_;
  std::unordered_map<model::InstanceId, std::unique_ptr<OfInstance>> instances_;  // fixed after construction
};

}  // namespace muster::server
