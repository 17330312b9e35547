#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "server/net/asio.h"

namespace muster::server {

/// The one timer of a connection. Moving it later costs nothing: the timer looks at the time of the deadline only when
/// it fires, and sleeps on if it came too early.
///
/// Lives on the thread of its executor. `on_expired` runs there, once per set(), never after destruction.
class Deadline {
 public:
  Deadline(const asio::any_io_executor& executor, std::function<void()> on_expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Replaces the deadline by one `from_now`.
  void set(std::chrono::milliseconds from_now);
  void clear();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace muster::server
