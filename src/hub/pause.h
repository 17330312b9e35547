#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/task.h"
#include "base/timers.h"

namespace muster::hub {

/// Lets one coroutine wait for a time, or for a call when that comes first. A call while nobody waits is lost: who
/// waits looks for what happened just before, on the executor that the calls come from.
///
/// Thread-safe. Outlived by no wait; the timers outlive it.
class Pause {
 public:
  explicit Pause(Timers& timers) : timers_(timers) {}

  /// At once when `at_most` is not positive. True: it was woken.
  Task<bool> wait(std::chrono::microseconds at_most);
  void wake();

 private:
  /// Shared with its timer, whose callback may be under way when all else is gone.
  struct Waiting {
    std::mutex mutex;  // protects everything below
    std::move_only_function<void(bool)> resume;
    std::optional<Timers::Id> timer;

    /// Only the first call counts.
    void end(Timers& timers, bool woken);
  };

  Timers& timers_;
  std::mutex mutex_;  // protects waiting_
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace muster::hub
