#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/executor.h"

namespace muster::server {

/// Whether the threads of the service still do their work: each is given a note from time to time and has to take it.
///
/// Lifecycle: made, watch() what lives longer, beat() every few seconds, stop() before what is watched ends.
/// Thread-safe.
class Liveness {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `patience`: how long a note may lie, and how long beat() may stay away.
  Liveness(std::chrono::seconds patience, Time now) : patience_(patience), last_beat_(now) {}

  void watch(std::string name, Executor& executor);
  /// Gives every thread that took its last note a new one.
  void beat(Time now);
  /// Gives none any more; the rest of the process's life is its orderly end.
  void stop();
  /// The threads that do not answer. "main" is the one that calls beat().
  [[nodiscard]] std::vector<std::string> stuck(Time now) const;

 private:
  struct Watched {
    std::string name;
    Executor* executor;
    std::shared_ptr<std::atomic<bool>> taken = std::make_shared<std::atomic<bool>>(true);
    Time given = {};
  };

  const std::chrono::seconds patience_;
  mutable std::mutex mutex_;  // protects what follows
  std::vector<Watched> watched_;
  Time last_beat_;
  bool stopped_ = false;
};

}  // namespace muster::server
