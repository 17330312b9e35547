#pragma once

#include <functional>

namespace muster {

/// Where suspended work goes on. Each server thread is one executor; work never changes its thread.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `work` later on the executor's thread, in the order of posting. Callable from any thread.
  virtual void post(std::move_only_function<void()> work) = 0;

  /// The executor of the calling thread, or null when the thread is not an executor's.
  static Executor* current();

 protected:
  /// Makes an executor current on this thread for the lifetime of the guard.
  class CurrentGuard {
   public:
    explicit CurrentGuard(Executor& executor);
    ~CurrentGuard();
    CurrentGuard(const CurrentGuard&) = delete;
    CurrentGuard& operator=(const CurrentGuard&) = delete;

   private:
    Executor* previous_;
  };
};

}  // namespace muster
