#include "base/pauses.h"

#include <utility>

namespace muster {

Task<bool> TimedPauses::pause(std::chrono::milliseconds time) {
  co_return co_await Handover<bool>([this, time](auto resume) {
    {
      const std::scoped_lock lock(mutex_);
      if (!cut_) {
        resume_ = std::move(resume);
        timer_ = timers_.at(std::chrono::steady_clock::now() + time, [this] { end(true); });
        return;
      }
    }
    resume(false);
  });
}

void TimedPauses::cut() {
  Timers::Id timer;
  {
    const std::scoped_lock lock(mutex_);
    cut_ = true;
    timer = timer_;
  }
  timers_.cancel(timer);
  end(false);
}

void TimedPauses::end(bool whole) {
  std::move_only_function<void(bool)> resume;
  {
    const std::scoped_lock lock(mutex_);
    resume = std::exchange(resume_, {});
  }
  if (resume) resume(whole);
}

}  // namespace muster
