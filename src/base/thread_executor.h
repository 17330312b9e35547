#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/executor.h"

namespace muster {

/// An executor with a thread of its own, for work that belongs to no connection.
///
/// Lifecycle: the thread starts with the object; dropping it runs what is queued, then ends. Work that is posted by
/// others after that is lost, so whoever owns the executor first waits for its own tasks.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void post(std::move_only_function<void()> work) override;

 private:
  void run();

  std::mutex mutex_;  // protects queue_ and stopping_
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace muster
