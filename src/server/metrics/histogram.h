#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace muster::server {

/// Upper bounds in seconds, from what a read costs to what a client waits for.
std::span<const double> duration_bounds();
/// Upper bounds for numbers of things, powers of two.
std::span<const double> count_bounds();

/// Counts observations in fixed buckets with atomic additions only; the library's own takes a lock. Thread-safe.
class Histogram {
 public:
  /// `bounds` ascend and outlive the histogram.
  explicit Histogram(std::span<const double> bounds);

  void observe(double value) noexcept;
  void observe(std::chrono::nanoseconds took) noexcept { observe(std::chrono::duration<double>(took).count()); }
  [[nodiscard]] prometheus::ClientMetric::Histogram collect() const;

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  ///< one more than bounds
  std::atomic<double> sum_ = 0;
};

/// The histograms of one metric by their labels. Thread-safe.
class HistogramFamily final : public prometheus::Collectable {
 public:
  HistogramFamily(std::string name, std::string help, std::vector<std::string> labels, std::span<const double> bounds);

  /// The histogram with these values of the labels, in their order; made when first asked for, and valid as long as the
  /// family. Takes a lock: whoever observes often keeps the reference. Values must be few: each stays for ever.
  Histogram& at(std::initializer_list<std::string_view> values);
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  /// Compares values that are kept with values that are asked for.
  struct Before {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return std::ranges::lexicographical_compare(a, b); }
  };

  const std::string name_;
  const std::string help_;
  const std::vector<std::string> labels_;
  const std::span<const double> bounds_;
  mutable std::mutex mutex_;  // protects the map, not what it points to
  std::map<std::vector<std::string>, std::unique_ptr<Histogram>, Before> histograms_;
};

}  // namespace muster::server
