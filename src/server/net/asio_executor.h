#pragma once

#include "base/executor.h"
#include "server/net/asio.h"

namespace muster::server {

/// The executor of one server thread: an io_context that only run() serves, so everything posted runs on that thread.
///
/// Lifecycle: made, run() by one thread until there is no work left, destroyed. Work posted after that is dropped.
class AsioExecutor final : public Executor {
 public:
  void post(std::move_only_function<void()> work) override;

  /// Serves the io_context on the calling thread until it has no more work.
  void run();
  [[nodiscard]] asio::io_context& context() { return context_; }

 private:
  // One thread, so Asio may leave out its own wake-ups between threads.
  asio::io_context context_{1};
};

}  // namespace muster::server
