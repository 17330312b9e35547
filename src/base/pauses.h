#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "base/task.h"
#include "base/timers.h"

namespace muster {

/// Lets one task wait; passed in, so that tests need not. Thread-safe.
class Pauses {
 public:
  virtual ~Pauses() = default;
  /// False: it was cut short. One at a time.
  virtual Task<bool> pause(std::chrono::milliseconds time) = 0;
  /// Ends the pause under way and every later one at once.
  virtual void cut() = 0;
};

/// By the steady clock.
class TimedPauses final : public Pauses {
 public:
  /// `timers` outlives this.
  explicit TimedPauses(Timers& timers) : timers_(timers) {}

  Task<bool> pause(std::chrono::milliseconds time) override;
  void cut() override;

 private:
  void end(bool whole);

  Timers& timers_;
  std::mutex mutex_;  // protects what follows
  std::move_only_function<void(bool)> resume_;
  Timers::Id timer_ = {};
  bool cut_ = false;
};

}  // namespace muster
