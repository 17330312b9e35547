#include "hub/operation_rate.h"

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kNow{microseconds(1'800'000'000'000'000)};

TEST(OperationRate, GivesASecondsWorthAtOnceAndThenOneAfterTheOther) {
  OperationRate rate(10);
  EXPECT_EQ(rate.take(4, kNow), 4U);
  EXPECT_EQ(rate.wait(kNow), microseconds(0));
  EXPECT_EQ(rate.take(100, kNow), 6U);
  EXPECT_EQ(rate.take(1, kNow), 0U);
  EXPECT_EQ(rate.wait(kNow), milliseconds(100));
  EXPECT_EQ(rate.wait(kNow + milliseconds(30)), milliseconds(70));
  EXPECT_EQ(rate.take(5, kNow + milliseconds(250)), 2U);
  EXPECT_EQ(rate.take(100, kNow + seconds(60)), 10U) << "a rest is worth a second, no more";
}

TEST(OperationRate, AClockThatIsSetBackStopsItForASecondAtMost) {
  OperationRate rate(10);
  EXPECT_EQ(rate.take(100, kNow), 10U);
  EXPECT_EQ(rate.take(1, kNow - seconds(3600)), 0U);
  EXPECT_EQ(rate.take(100, kNow - seconds(3599)), 10U);
}

}  // namespace
}  // namespace muster::hub
