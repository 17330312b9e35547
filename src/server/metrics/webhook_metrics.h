#pragma once

#include <prometheus/collectable.h>

#include "provisioning/custom_allocation.h"

namespace muster::server {

/// How the webhooks of custom allocation are doing. What it refers to outlives it; thread-safe.
class WebhookMetrics final : public prometheus::Collectable {
 public:
  explicit WebhookMetrics(const provisioning::CustomAllocation& custom) : custom_(custom) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const provisioning::CustomAllocation& custom_;
};

}  // namespace muster::server
