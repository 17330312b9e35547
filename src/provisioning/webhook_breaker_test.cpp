#include "provisioning/webhook_breaker.h"

#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using State = WebhookBreaker::State;
using std::chrono::seconds;

class Breaker : public testing::Test {
 protected:
  static WebhookSettings settings() {
    WebhookSettings out;
    out.failures_to_rest = 3;
    return out;
  }
  void fail_times(int count) {
    for (int i = 0; i < count; ++i) breaker_.failed(now_);
  }

  TimePoint now_{seconds(1000)};
  WebhookBreaker breaker_{settings()};
};

TEST_F(Breaker, OpensAfterFailuresInARow) {
  fail_times(2);
  breaker_.succeeded();
  fail_times(2);
  EXPECT_TRUE(breaker_.admit(now_));
  fail_times(1);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  EXPECT_FALSE(breaker_.admit(now_ + seconds(4)));
}

TEST_F(Breaker, LetsOneCallThroughOnTrialAndTheOthersWhenItSucceeds) {
  fail_times(3);
  now_ += seconds(5);
  EXPECT_EQ(breaker_.state(now_), State::kOnTrial);
  EXPECT_TRUE(breaker_.admit(now_));
  EXPECT_FALSE(breaker_.admit(now_)) << "one is enough to know";
  breaker_.succeeded();
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  EXPECT_TRUE(breaker_.admit(now_));
  EXPECT_TRUE(breaker_.admit(now_));
}

TEST_F(Breaker, RestsTwiceAsLongEachTimeUpToItsLimit) {
  fail_times(3);
  for (const int rest : {5, 10, 20, 40, 60, 60}) {
    EXPECT_FALSE(breaker_.admit(now_ + seconds(rest) - seconds(1))) << rest;
    now_ += seconds(rest);
    ASSERT_TRUE(breaker_.admit(now_)) << rest;
    breaker_.failed(now_);
  }
}

TEST_F(Breaker, WhatWasUnderWayWhenItOpenedDoesNotProlongTheRest) {
  fail_times(20);
  EXPECT_TRUE(breaker_.admit(now_ + seconds(5)));
}

}  // namespace
}  // namespace muster::provisioning
