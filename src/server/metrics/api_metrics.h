#pragma once

#include <array>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include "server/api/operation_info.h"
#include "server/metrics/histogram.h"
#include "server/metrics/lazy_series.h"

namespace muster::server {

/// How long requests take, by operation and class of status, and which are refused. Thread-safe.
class ApiMetrics final : public OperationObserver, public prometheus::Collectable {
 public:
  /// `registry` outlives this.
  explicit ApiMetrics(prometheus::Registry& registry);

  void finished(const FinishedOperation& operation) noexcept override;
  void malformed(int code) noexcept override;
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override { return durations_.Collect(); }

 private:
  Histogram& histogram(const OperationInfo& operation, int status_class);
  void count_refusal(Api api, int code);

  static constexpr std::size_t kStatusClasses = 6;     ///< the hundreds of a status
  static constexpr std::size_t kMostOperations = 128;  ///< kept at hand; more routes are only slower

  HistogramFamily durations_;
  prometheus::Family<prometheus::Counter>& refused_;
  std::array<std::array<LazySeries<Histogram>, kStatusClasses>, kMostOperations> known_;
};

}  // namespace muster::server
