#pragma once

#include <prometheus/collectable.h>

namespace muster::server {

/// The process as Linux sees it, under the names that Prometheus clients share. What cannot be read is left out.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace muster::server
