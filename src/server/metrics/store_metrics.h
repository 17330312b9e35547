#pragma once

#include <atomic>
#include <filesystem>

#include <prometheus/collectable.h>

#include "server/metrics/histogram.h"
#include "store/store_observer.h"

namespace muster::server {

/// Commits of the store, and what its file takes and has left. Thread-safe.
class StoreMetrics final : public store::StoreObserver, public prometheus::Collectable {
 public:
  /// `database` is the file; it need not be there yet.
  explicit StoreMetrics(std::filesystem::path database);

  void committed(std::size_t changes, std::chrono::nanoseconds took) noexcept override;
  void commit_failed(std::size_t changes, const Error& why) noexcept override;
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::filesystem::path database_;
  HistogramFamily durations_;
  HistogramFamily changes_;
  Histogram& duration_;
  Histogram& change_;
  std::atomic<std::uint64_t> failed_ = 0;
};

}  // namespace muster::server
