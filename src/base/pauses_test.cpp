#include "base/pauses.h"

#include <future>

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(TimedPauses, EndByThemselves) {
  Timers timers;
  TimedPauses pauses(timers);
  EXPECT_TRUE(wait_for(pauses.pause(std::chrono::milliseconds(1))));
  EXPECT_TRUE(wait_for(pauses.pause(std::chrono::milliseconds(1)))) << "again";
}

TEST(TimedPauses, AreCutNowAndLater) {
  Timers timers;
  TimedPauses pauses(timers);
  std::promise<bool> whole;
  start(pauses.pause(std::chrono::hours(1)), [&](bool value) { whole.set_value(value); });
  pauses.cut();
  EXPECT_FALSE(whole.get_future().get());
  EXPECT_FALSE(wait_for(pauses.pause(std::chrono::hours(1))));
}

}  // namespace
}  // namespace muster
