#include "base/thread_executor.h"

#include <utility>

namespace muster {

ThreadExecutor::ThreadExecutor() : thread_([this] { run(); }) {
}

ThreadExecutor::~ThreadExecutor() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ThreadExecutor::post(std::move_only_function<void()> work) {
  // Notified under the lock: the owner may drop the executor as soon as the work has run.
  const std::scoped_lock lock(mutex_);
  queue_.push_back(std::move(work));
  wake_.notify_one();
}

void ThreadExecutor::run() {
  const CurrentGuard current(*this);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<std::move_only_function<void()>> batch;
    batch.swap(queue_);
    lock.unlock();
    for (auto& work : batch) work();
    batch.clear();
    lock.lock();
  }
}

}  // namespace muster
