#include "server/metrics/store_metrics.h"

#include <iterator>
#include <system_error>
#include <utility>

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

/// 0 for a file that is not there.
double size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<double>(size);
}

}  // namespace

StoreMetrics::StoreMetrics(std::filesystem::path database)
    : database_(std::move(database)),
      durations_("muster_store_commit_duration_seconds", "Commits until they are on disk", {}, duration_bounds()),
      changes_("muster_store_commit_changes", "Changes that shared a commit", {}, count_bounds()),
      duration_(durations_.at({})),
      change_(changes_.at({})) {
}

void StoreMetrics::committed(std::size_t changes, std::chrono::nanoseconds took) noexcept {
  duration_.observe(took);
  change_.observe(static_cast<double>(changes));
}

void StoreMetrics::commit_failed(std::size_t /*changes*/, const Error& /*why*/) noexcept {
  failed_.fetch_add(1, std::memory_order_relaxed);
}

std::vector<prometheus::MetricFamily> StoreMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> out = durations_.Collect();
  std::ranges::move(changes_.Collect(), std::back_inserter(out));
  out.push_back(counter_samples("muster_store_commit_failures_total", "Commits of which nothing is on disk")
                    .add(static_cast<double>(failed_.load(std::memory_order_relaxed)))
                    .take());
  out.push_back(gauge_samples("muster_store_size_bytes", "Size of the store's files")
                    .add(size_of(database_), {{"file", "database"}})
                    .add(size_of(database_.string() + "-wal"), {{"file", "write_ahead_log"}})
                    .take());
  std::error_code error;
  const auto space = std::filesystem::space(database_.parent_path(), error);
  if (!error) {
    out.push_back(gauge_samples("muster_store_free_bytes", "What the file system of the store has left")
                      .add(static_cast<double>(space.available))
                      .take());
  }
  return out;
}

}  // namespace muster::server
