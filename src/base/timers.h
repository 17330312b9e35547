#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace muster {

/// Calls back when a time has come, on a thread of its own; for few timers with short callbacks, such as deadlines of
/// what others do. Thread-safe. Destruction waits for the callback under way and forgets the others.
class Timers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Names a timer, to take it back; never used twice.
  using Id = std::pair<Time, std::uint64_t>;

  Timers();
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Id at(Time when, std::move_only_function<void()> callback);
  /// After it the callback is not begun any more; it may be under way, unless this is called by it.
  void cancel(const Id& id);

 private:
  void run();

  std::mutex mutex_;  // protects everything below but thread_
  std::condition_variable wake_;
  std::map<Id, std::move_only_function<void()>> timers_;
  std::uint64_t last_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace muster
