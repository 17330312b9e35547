#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/task.h"
#include "server/net/asio.h"

namespace muster::server {
namespace detail {

template <class T>
struct TaskOutcome {
  std::optional<T> value;
  std::move_only_function<void()> wake;
};

}  // namespace detail

/// Runs a task of the lower modules inside an Asio coroutine. The task starts at once on the calling thread, which must
/// be an AsioExecutor's, and ends there too, because Handover comes back to the executor it left.
///
/// Not cancellable: whoever closes the connection waits for the task first (Session, Worker).
template <class T>
asio::awaitable<T> await_task(Task<T> task) {
  auto outcome = std::make_shared<detail::TaskOutcome<T>>();
  start(std::move(task), [outcome](T value) {
    outcome->value.emplace(std::move(value));
    if (outcome->wake) std::exchange(outcome->wake, {})();
  });
  // Asio must not be resumed from inside its own initiation, so a task that is done already is not waited for.
  if (!outcome->value) {
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [outcome](auto handler) { outcome->wake = [resume = std::move(handler)]() mutable { std::move(resume)(); }; },
        asio::use_awaitable);
  }
  co_return std::move(*outcome->value);
}

}  // namespace muster::server
