#include "hub/pause.h"

#include <future>

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

std::future<bool> begin(Task<bool> wait) {
  std::promise<bool> promise;
  auto future = promise.get_future();
  start(std::move(wait), [promise = std::move(promise)](bool woken) mutable { promise.set_value(woken); });
  return future;
}

TEST(Pause, EndsWhenItIsWoken) {
  Timers timers;
  Pause pause(timers);
  pause.wake();
  auto first = begin(pause.wait(std::chrono::hours(1)));
  pause.wake();
  EXPECT_TRUE(first.get());
  auto second = begin(pause.wait(std::chrono::hours(1)));
  pause.wake();
  pause.wake();
  EXPECT_TRUE(second.get());
}

TEST(Pause, EndsWhenItsTimeIsOver) {
  Timers timers;
  Pause pause(timers);
  EXPECT_FALSE(begin(pause.wait(std::chrono::milliseconds(1))).get());
  EXPECT_FALSE(begin(pause.wait(std::chrono::milliseconds(0))).get());
  EXPECT_FALSE(begin(pause.wait(std::chrono::milliseconds(-1))).get());
  pause.wake();
}

}  // namespace
}  // namespace muster::hub
