#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "base/executor.h"

namespace muster {

/// A coroutine that produces one T, started when awaited. It knows nothing of sockets: the store, the hub links and the
/// decision core are written with it, and the server runs it on its own threads.
///
/// Single owner, single awaiter. Exceptions mean broken invariants and travel to the awaiter.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::variant<std::monostate, T, std::exception_ptr> outcome;

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          return done.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    template <class U>
    void return_value(U&& value) {
      outcome.template emplace<1>(std::forward<U>(value));
    }
    void unhandled_exception() { outcome.template emplace<2>(std::current_exception()); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().continuation = awaiter;
    return handle_;
  }
  T await_resume() {
    auto& outcome = handle_.promise().outcome;
    if (auto* error = std::get_if<2>(&outcome)) std::rethrow_exception(*error);
    return std::move(std::get<1>(outcome));
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

/// A coroutine that owns itself: it runs at once and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::abort(); }  // callbacks of start() must not throw
  };
};

}  // namespace detail

/// Starts a task on the calling thread; `done(T)` runs on the thread where the task ends (its executor's).
/// An exception out of the task ends the process: it is a broken invariant (see Task).
template <class T, class Done>
void start(Task<T> task, Done done) {
  [](Task<T> owned, Done finish) -> detail::Detached { finish(co_await owned); }(std::move(task), std::move(done));
}

/// Hands a result over from another thread: `co_await` on it suspends, the other side calls complete().
/// The awaiting coroutine goes on on the executor that was current when it was started; without one, on the
/// completing thread.
///
/// Lifecycle: made, passed to the other side as a callback, awaited exactly once.
template <class T>
class Handover {
 public:
  /// `begin(complete)` is called when the coroutine has been suspended; `complete(T)` may be called from any thread,
  /// once.
  template <class Begin>
  explicit Handover(Begin begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    Executor* home = Executor::current();
    // The frame may be resumed and destroyed before begin() returns, so nothing of *this is touched after it.
    auto begin = std::move(begin_);
    begin([this, awaiter, home](T value) mutable {
      value_.emplace(std::move(value));
      if (home != nullptr) {
        home->post([awaiter] { awaiter.resume(); });
      } else {
        awaiter.resume();
      }
    });
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::move_only_function<void(std::move_only_function<void(T)>)> begin_;
  std::optional<T> value_;
};

/// Lets the other work of the current executor go first: `co_await Yield()` within long computations. Without an
/// executor it goes on at once.
struct Yield {
  bool await_ready() const noexcept { return Executor::current() == nullptr; }
  void await_suspend(std::coroutine_handle<> awaiter) const {
    Executor::current()->post([awaiter] { awaiter.resume(); });
  }
  void await_resume() const noexcept {}
};

/// Runs a task to its end on the calling thread, which serves as its executor meanwhile. For main, the CLI and tests.
class BlockingExecutor final : public Executor {
 public:
  void post(std::move_only_function<void()> work) override {
    // Under the lock: run() may return and the executor go as soon as the waiting thread can take the work.
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(work));
    wake_.notify_one();
  }

  template <class T>
  T run(Task<T> task) {
    const CurrentGuard current(*this);
    std::optional<T> result;
    start(std::move(task), [&result](T value) { result.emplace(std::move(value)); });
    while (!result) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      auto work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
    return std::move(*result);
  }

 private:
  std::mutex mutex_;  // protects queue_
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> queue_;
};

/// The result of a task, waited for on this thread.
template <class T>
T wait_for(Task<T> task) {
  return BlockingExecutor().run(std::move(task));
}

}  // namespace muster
