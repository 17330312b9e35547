#include "hub/pause.h"

#include <utility>

namespace muster::hub {

void Pause::Waiting::end(Timers& timers, bool woken) {
  std::move_only_function<void(bool)> ending;
  {
    const std::scoped_lock lock(mutex);
    ending = std::exchange(resume, nullptr);
    if (timer) timers.cancel(*timer);
  }
  if (ending) ending(woken);
}

Task<bool> Pause::wait(std::chrono::microseconds at_most) {
  if (at_most.count() <= 0) co_return false;
  co_return co_await Handover<bool>([this, at_most](auto resume) {
    const auto waiting = std::make_shared<Waiting>();
    Timers& timers = timers_;  // this may be gone as soon as somebody can end the wait
    waiting->resume = std::move(resume);
    {
      const std::scoped_lock lock(mutex_);
      waiting_ = waiting;
    }
    const auto timer =
        timers.at(std::chrono::steady_clock::now() + at_most, [waiting, &timers] { waiting->end(timers, false); });
    const std::scoped_lock lock(waiting->mutex);
    waiting->timer = timer;
    if (!waiting->resume) timers.cancel(timer);
  });
}

void Pause::wake() {
  std::shared_ptr<Waiting> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting = std::exchange(waiting_, nullptr);
  }
  if (waiting) waiting->end(timers_, true);
}

}  // namespace muster::hub
