#pragma once

#include <prometheus/collectable.h>

#include "hub/hub_counters.h"

namespace muster::server {

/// Connections, messages, methods and jobs of the hubs that are served here; asked for at each look. `counters`
/// outlives this; thread-safe.
class HubActivityMetrics final : public prometheus::Collectable {
 public:
  explicit HubActivityMetrics(const hub::AllHubCounters& counters) : counters_(counters) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const hub::AllHubCounters& counters_;
};

}  // namespace muster::server
