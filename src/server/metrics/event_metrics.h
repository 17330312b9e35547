#pragma once

#include <prometheus/collectable.h>

#include "hub/event_retention.h"
#include "hub/sinks.h"

namespace muster::server {

/// The event logs of the hubs, and how far the sinks are with them; asked for at each look. Thread-safe.
class EventMetrics final : public prometheus::Collectable {
 public:
  /// All outlive this.
  EventMetrics(store::Store& store, const hub::EventRetention& retention, const hub::Sinks& sinks, const Clock& clock)
      : store_(store), retention_(retention), sinks_(sinks), clock_(clock) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void add_logs(std::vector<prometheus::MetricFamily>& out) const;
  void add_sinks(std::vector<prometheus::MetricFamily>& out) const;

  store::Store& store_;
  const hub::EventRetention& retention_;
  const hub::Sinks& sinks_;
  const Clock& clock_;
};

}  // namespace muster::server
