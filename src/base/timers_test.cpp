#include "base/timers.h"

#include <future>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Timers::Time in(std::chrono::steady_clock::duration time) {
  return std::chrono::steady_clock::now() + time;
}

TEST(Timers, ComeInTheOrderOfTheirTimes) {
  Timers timers;
  std::vector<int> order;
  std::promise<void> last;
  const auto base = in(milliseconds(20));
  timers.at(base + milliseconds(2), [&] {
    order.push_back(3);
    last.set_value();
  });
  timers.at(base, [&] { order.push_back(1); });
  timers.at(base, [&] { order.push_back(2); });
  last.get_future().wait();
  EXPECT_THAT(order, testing::ElementsAre(1, 2, 3));
}

TEST(Timers, AnEarlierOneIsNotWaitedPast) {
  Timers timers;
  timers.at(in(hours(1)), [] {});
  std::promise<void> done;
  timers.at(in(milliseconds(1)), [&] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(Timers, OneThatWasTakenBackDoesNotCome) {
  Timers timers;
  bool came = false;
  std::promise<void> done;
  const auto id = timers.at(in(milliseconds(10)), [&] { came = true; });
  timers.cancel(id);
  timers.cancel(id);
  timers.at(in(milliseconds(11)), [&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_FALSE(came);
}

TEST(Timers, ACallbackMaySetAnother) {
  Timers timers;
  std::promise<void> done;
  timers.at(in(milliseconds(1)), [&] { timers.at(in(milliseconds(1)), [&] { done.set_value(); }); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(Timers, DestructionForgetsWhatIsToCome) {
  Timers timers;
  timers.at(in(hours(1)), [] { FAIL(); });
}

}  // namespace
}  // namespace muster
