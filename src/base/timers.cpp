#include "base/timers.h"

namespace muster {

Timers::Timers() : thread_([this] { run(); }) {
}

Timers::~Timers() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Timers::Id Timers::at(Time when, std::move_only_function<void()> callback) {
  Id id;
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    id = {when, ++last_};
    first = timers_.emplace(id, std::move(callback)).first == timers_.begin();
  }
  if (first) wake_.notify_one();
  return id;
}

void Timers::cancel(const Id& id) {
  const std::scoped_lock lock(mutex_);
  timers_.erase(id);
}

void Timers::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const Time next = timers_.begin()->first.first;
    if (std::chrono::steady_clock::now() < next) {
      wake_.wait_until(lock, next);
      continue;
    }
    auto due = timers_.extract(timers_.begin());
    lock.unlock();
    due.mapped()();
    lock.lock();
  }
}

}  // namespace muster
