#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

#include "base/clock.h"

namespace muster::provisioning {

/// How long a device that comes now should wait until its operation is likely done: computed from the backlog and the
/// measured pace, so that a fleet that powers up at once drains smoothly (design section 6). Thread-safe.
class DrainEstimate {
 public:
  /// The shortest and the longest wait that is ever told (design section 9; Java obeys 2 to 5, C up to 300:
  /// device-api.md 9).
  static constexpr std::chrono::seconds kShortest{1};
  static constexpr std::chrono::seconds kLongest{120};

  /// One operation has ended.
  void completed(TimePoint at);
  /// The wait for an operation behind `backlog` others.
  [[nodiscard]] std::chrono::seconds wait_for(std::size_t backlog) const;

 private:
  mutable std::mutex mutex_;  // protects the fields below
  double seconds_per_operation_ = 0.001;
  TimePoint last_{};
};

}  // namespace muster::provisioning
