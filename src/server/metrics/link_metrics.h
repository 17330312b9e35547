#pragma once

#include <prometheus/collectable.h>

#include "hub/azure_hubs.h"
#include "provisioning/leftovers.h"

namespace muster::server {

/// How the links to hubs elsewhere are doing. Both outlive this; thread-safe.
class LinkMetrics final : public prometheus::Collectable {
 public:
  LinkMetrics(const hub::AzureHubs& hubs, const provisioning::Leftovers& leftovers)
      : hubs_(hubs), leftovers_(leftovers) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const hub::AzureHubs& hubs_;
  const provisioning::Leftovers& leftovers_;
};

}  // namespace muster::server
