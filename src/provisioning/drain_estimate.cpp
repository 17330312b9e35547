#include "provisioning/drain_estimate.h"

#include <algorithm>
#include <cmath>

namespace muster::provisioning {
namespace {

// Weight of the newest interval; about the last fifty operations count.
constexpr double kNewest = 0.02;
// A longer pause means that nothing was there to do, which says nothing about the pace.
constexpr double kIdleSeconds = 1.0;

}  // namespace

void DrainEstimate::completed(TimePoint at) {
  const std::scoped_lock lock(mutex_);
  const double interval = std::chrono::duration<double>(at - last_).count();
  last_ = at;
  if (interval < 0 || interval > kIdleSeconds) return;
  seconds_per_operation_ += kNewest * (interval - seconds_per_operation_);
}

std::chrono::seconds DrainEstimate::wait_for(std::size_t backlog) const {
  const std::scoped_lock lock(mutex_);
  const double wait = std::ceil(static_cast<double>(backlog) * seconds_per_operation_);
  return std::clamp(std::chrono::seconds(static_cast<std::int64_t>(std::min(wait, 1e6))), kShortest, kLongest);
}

}  // namespace muster::provisioning
