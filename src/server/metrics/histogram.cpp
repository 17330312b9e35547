#include "server/metrics/histogram.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <utility>

namespace muster::server {

std::span<const double> duration_bounds() {
  static constexpr std::array kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                      0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};
  return kBounds;
}

std::span<const double> count_bounds() {
  static constexpr std::array kBounds{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0};
  return kBounds;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {
}

void Histogram::observe(double value) noexcept {
  // A bucket counts what is not above its bound ("le").
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

prometheus::ClientMetric::Histogram Histogram::collect() const {
  prometheus::ClientMetric::Histogram out;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    out.sample_count += counts_[i].load(std::memory_order_relaxed);
    const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
    out.bucket.push_back({out.sample_count, bound});
  }
  out.sample_sum = sum_.load(std::memory_order_relaxed);
  return out;
}

HistogramFamily::HistogramFamily(std::string name, std::string help, std::vector<std::string> labels,
                                 std::span<const double> bounds)
    : name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)), bounds_(bounds) {
}

Histogram& HistogramFamily::at(std::initializer_list<std::string_view> values) {
  assert(values.size() == labels_.size());
  const std::scoped_lock lock(mutex_);
  auto found = histograms_.find(values);
  if (found == histograms_.end()) {
    std::vector<std::string> kept(values.begin(), values.end());
    found = histograms_.emplace(std::move(kept), std::make_unique<Histogram>(bounds_)).first;
  }
  return *found->second;
}

std::vector<prometheus::MetricFamily> HistogramFamily::Collect() const {
  prometheus::MetricFamily family{name_, help_, prometheus::MetricType::Histogram, {}};
  const std::scoped_lock lock(mutex_);
  for (const auto& [values, histogram] : histograms_) {
    prometheus::ClientMetric metric;
    for (std::size_t i = 0; i < labels_.size(); ++i) metric.label.push_back({labels_[i], values[i]});
    metric.histogram = histogram->collect();
    family.metric.push_back(std::move(metric));
  }
  if (family.metric.empty()) return {};
  return {std::move(family)};
}

}  // namespace muster::server
