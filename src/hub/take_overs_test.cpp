#include "hub/take_overs.h"

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1'800'000'000)};

class TakeOversTest : public testing::Test {
 protected:
  bool grant(std::chrono::microseconds after) { return take_overs_.grant(kStart + after, {}); }
  std::optional<TakeOvers::Count> due(std::chrono::microseconds after) {
    return take_overs_.take_due(kStart + after, {});
  }

  TakeOvers take_overs_;
};

TEST_F(TakeOversTest, OneInFiveSeconds) {
  EXPECT_TRUE(grant(seconds(0)));
  EXPECT_FALSE(grant(seconds(1)));
  EXPECT_FALSE(grant(seconds(4)));
  EXPECT_TRUE(grant(seconds(5))) << "since the last that was granted, not the last that was tried";
}

TEST_F(TakeOversTest, ALongContestIsToldOnceInAnHourWithAllOfIt) {
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
  int told = 0;
  for (seconds now{0}; now < hours(3); ++now) {
    if (grant(now)) {
      ++granted;
      continue;
    }
    ++refused;
    const auto count = due(now);
    if (!count) continue;
    ++told;
    EXPECT_EQ(count->granted, granted);
    EXPECT_EQ(count->refused, refused);
    granted = refused = 0;
  }
  EXPECT_EQ(told, 3);
}

TEST_F(TakeOversTest, TakeOversOfAnotherDayDoNotCount) {
  for (int day = 0; day < 5; ++day) EXPECT_TRUE(grant(hours(24 * day)));
  EXPECT_FALSE(grant(hours(96) + seconds(1)));
  const auto count = due(hours(96) + seconds(1));
  ASSERT_TRUE(count);
  EXPECT_EQ(count->granted, 1U);
  EXPECT_EQ(count->refused, 1U);
  EXPECT_EQ(count->began, kStart + hours(96));
}

TEST_F(TakeOversTest, AClockThatIsSetBackKeepsNobodyOut) {
  EXPECT_TRUE(grant(hours(2)));
  EXPECT_TRUE(grant(hours(1)));
}

}  // namespace
}  // namespace muster::hub
