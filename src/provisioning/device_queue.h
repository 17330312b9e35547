#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/task.h"
#include "base/thread_executor.h"

namespace muster::provisioning {

/// Work on devices, on a thread of its own: what concerns one device is done one after the other, different devices at
/// the same time.
///
/// Lifecycle: dropping it waits for the work that was added. Thread-safe.
class DeviceQueue {
 public:
  using Begin = std::move_only_function<Task<bool>()>;

  ~DeviceQueue() { wait_until_idle(); }

  /// `begin` is called when everything that was added for the device before has ended. Work that waits or runs already,
  /// by its name, is not added again.
  void add(std::string device, std::string name, Begin begin);

  [[nodiscard]] Executor& executor() { return executor_; }
  /// Pieces of work that wait or run.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  void wait_until_idle();

 private:
  struct Work {
    std::string name;
    Begin begin;
  };

  void run_next(const std::string& device);
  void finished();

  std::atomic<std::size_t> in_flight_ = 0;
  std::mutex idle_mutex_;  // with idle_: waiting for in_flight_ to become 0
  std::condition_variable idle_;
  std::unordered_map<std::string, std::vector<Work>> waiting_;  ///< by device; used on executor_ only
  ThreadExecutor executor_;                                     ///< last: ends before what it uses
};

}  // namespace muster::provisioning
