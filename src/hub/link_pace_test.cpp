#include "hub/link_pace.h"

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using std::chrono::seconds;

const LinkPace::Time kStart{std::chrono::hours(1)};

TEST(LinkPace, GivesOutTheBurstAndThenOneByOne) {  // hub-api.md 5.4
  LinkPace pace(60, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pace.take(kStart), kStart);
  EXPECT_EQ(pace.take(kStart), kStart + seconds(1));
  EXPECT_EQ(pace.take(kStart), kStart + seconds(2));
  EXPECT_EQ(pace.wait(kStart), seconds(3));
}

TEST(LinkPace, FillsUpAgainButNotBeyondTheBurst) {
  LinkPace pace(60, 2);
  pace.take(kStart);
  pace.take(kStart);
  const auto later = kStart + seconds(100);
  EXPECT_EQ(pace.wait(later), seconds(0));
  EXPECT_EQ(pace.take(later), later);
  EXPECT_EQ(pace.take(later), later);
  EXPECT_EQ(pace.take(later), later + seconds(1));
}

TEST(LinkPace, NeverExceedsItsRateOverAMinute) {
  LinkPace pace(80, 10);
  int used = 0;
  for (int i = 0; i < 500; ++i) {
    if (pace.take(kStart) < kStart + std::chrono::minutes(1)) ++used;
  }
  EXPECT_LE(used, 90);
  EXPECT_GE(used, 80);
}

TEST(LinkPace, PausesWhenTheHubAsksForIt) {
  LinkPace pace(60, 5);
  pace.hold(kStart + seconds(10));
  EXPECT_EQ(pace.wait(kStart), seconds(10));
  EXPECT_EQ(pace.take(kStart), kStart + seconds(10));
}

}  // namespace
}  // namespace muster::hub
