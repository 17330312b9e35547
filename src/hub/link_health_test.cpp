#include "hub/link_health.h"

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LinkHealthTest : public ::testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) health_.failed(now_, "no answer");
  }

  TimePoint now_{std::chrono::hours(1)};
  LinkHealth health_{{.failures = 3, .shortest_break = seconds(5), .longest_break = seconds(20)}};
};

TEST_F(LinkHealthTest, TellsTheStateItIsInAndSinceWhen) {
  EXPECT_EQ(to_string(health_.status().state), "unknown");
  EXPECT_TRUE(health_.succeeded(now_, milliseconds(40)));
  EXPECT_FALSE(health_.succeeded(now_ + seconds(1), milliseconds(40)));
  EXPECT_EQ(health_.status().state, LinkState::kUp);
  EXPECT_EQ(health_.status().since, now_);
  EXPECT_EQ(health_.status().last_success, now_ + seconds(1));
  EXPECT_TRUE(health_.unauthorized(now_ + seconds(2), "401"));
  EXPECT_EQ(health_.status().last_error, "401");
  EXPECT_TRUE(health_.throttled(now_ + seconds(3), "429"));
  EXPECT_TRUE(health_.succeeded(now_ + seconds(4), milliseconds(40)));
  EXPECT_EQ(health_.status().last_error, "");
}

TEST_F(LinkHealthTest, AFewFailuresDoNotBreakTheCircuit) {
  fail(2);
  EXPECT_TRUE(health_.admit(now_));
  health_.succeeded(now_, milliseconds(1));
  fail(2);
  EXPECT_TRUE(health_.admit(now_));
}

TEST_F(LinkHealthTest, FailuresInARowBreakItForAWhile) {
  fail(3);
  EXPECT_EQ(health_.status().state, LinkState::kUnreachable);
  EXPECT_FALSE(health_.admit(now_ + seconds(4)));
  EXPECT_TRUE(health_.admit(now_ + seconds(5))) << "on trial";
  EXPECT_FALSE(health_.admit(now_ + seconds(5))) << "one is enough";
}

TEST_F(LinkHealthTest, BreaksGrowUntilATrialSucceeds) {
  fail(3);
  for (const int next : {10, 20, 20}) {
    now_ += seconds(60);
    ASSERT_TRUE(health_.admit(now_));
    fail(1);
    EXPECT_TRUE(health_.open(now_ + seconds(next - 1))) << next;
    EXPECT_FALSE(health_.open(now_ + seconds(next))) << next;
  }
  now_ += seconds(60);
  ASSERT_TRUE(health_.admit(now_));
  health_.succeeded(now_, milliseconds(1));
  EXPECT_TRUE(health_.admit(now_));
  fail(3);
  EXPECT_FALSE(health_.open(now_ + seconds(5))) << "short again";
}

TEST_F(LinkHealthTest, AnAnswerOfAnyKindClosesTheCircuit) {
  fail(3);
  health_.unauthorized(now_, "401");
  EXPECT_TRUE(health_.admit(now_));
}

TEST_F(LinkHealthTest, SmoothsTheLatency) {
  health_.succeeded(now_, milliseconds(100));
  EXPECT_EQ(health_.status().latency, milliseconds(100));
  health_.succeeded(now_, milliseconds(200));
  EXPECT_EQ(health_.status().latency, milliseconds(110));
}

}  // namespace
}  // namespace muster::hub
