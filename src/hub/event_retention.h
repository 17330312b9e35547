#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "base/thread_executor.h"
#include "hub/event_settings.h"
#include "store/store.h"

namespace muster::hub {

/// Drops what is too old or too much in the event logs, on a thread of its own and in steps between which others write.
/// Thread-safe. Destruction ends what is under way after its step.
class EventRetention {
 public:
  EventRetention(store::Store& store, const Clock& clock, RetentionSettings settings)
      : store_(store), clock_(clock), settings_(settings) {}
  ~EventRetention();
  EventRetention(const EventRetention&) = delete;
  EventRetention& operator=(const EventRetention&) = delete;

  /// Begins unless it is still at it. Returns at once.
  void begin();
  /// Waits for what begin() began.
  void finish();
  /// Events dropped since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  Task<Result<void>> trim();

  store::Store& store_;
  const Clock& clock_;
  const RetentionSettings settings_;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // protects busy_
  std::condition_variable idle_;
  bool busy_ = false;

  ThreadExecutor executor_;  // last
};

}  // namespace muster::hub
