#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "base/task.h"

namespace muster {

/// Lets a bounded number of tasks through at a time, the others in the order in which they came. Thread-safe.
///
/// Lifecycle: whoever was let through gives its place back, so that nobody waits when the last place is free.
class Turnstile {
 public:
  /// A place, given back with the object.
  class Place {
   public:
    explicit Place(Turnstile& turnstile) : turnstile_(&turnstile) {}
    Place(Place&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (turnstile_ != nullptr) turnstile_->leave();
    }

   private:
    Turnstile* turnstile_;
  };

  explicit Turnstile(std::size_t places) : free_(places) {}

  Task<Place> enter() {
    co_await Handover<bool>([this](Complete complete) { wait(std::move(complete)); });
    co_return Place(*this);
  }

  [[nodiscard]] std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }

 private:
  using Complete = std::move_only_function<void(bool)>;

  void wait(Complete complete) {
    {
      const std::scoped_lock lock(mutex_);
      if (free_ == 0) {
        waiting_.push_back(std::move(complete));
        return;
      }
      --free_;
    }
    complete(true);
  }

  void leave() {
    Complete next;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty()) {
        ++free_;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next(true);
  }

  mutable std::mutex mutex_;  // protects what follows
  std::size_t free_;
  std::deque<Complete> waiting_;
};

}  // namespace muster
