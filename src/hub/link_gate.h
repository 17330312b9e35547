#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "base/task.h"
#include "base/timers.h"

namespace muster::hub {

/// Lets a bounded number of calls through to one hub and keeps the others waiting, so that a slow hub holds nobody but
/// those who want it. Lifecycle: close() before the destruction; then nobody waits any more. Thread-safe.
class LinkGate {
 public:
  /// What goes on with something begun comes before what is new.
  enum class Turn { kNext, kInOrder };

  /// `timers` outlives this.
  LinkGate(std::size_t places, Timers& timers) : free_(places), timers_(timers) {}

  /// A place, to be given back with leave(). False: the gate is closed, and there is none.
  Task<bool> enter(Turn turn);
  void leave();
  /// False: the gate was closed meanwhile.
  Task<bool> pause(std::chrono::steady_clock::duration time);
  /// Everybody who waits is told so at once, and whoever comes later.
  void close();

  [[nodiscard]] std::size_t waiting() const;

 private:
  using Complete = std::move_only_function<void(bool)>;

  void wait(Turn turn, Complete complete);
  void sleep(std::chrono::steady_clock::duration time, Complete complete);
  void wake(std::uint64_t number);

  mutable std::mutex mutex_;  // protects what follows
  std::size_t free_;
  bool closed_ = false;
  std::deque<Complete> next_;
  std::deque<Complete> in_order_;
  std::map<std::uint64_t, std::pair<Timers::Id, Complete>> sleeping_;
  std::uint64_t last_ = 0;

  Timers& timers_;
};

}  // namespace muster::hub
