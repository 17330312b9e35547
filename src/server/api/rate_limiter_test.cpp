#include "server/api/rate_limiter.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Optional;

class RateLimiterTest : public testing::Test {
 protected:
  /// How many of `calls` calls pass now.
  static int admitted(RateLimiter& limiter, std::string_view key, int calls) {
    int passed = 0;
    for (int i = 0; i < calls; ++i) passed += limiter.admit(key) ? 0 : 1;
    return passed;
  }

  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1))};
};

TEST_F(RateLimiterTest, WithoutALimitEverythingPassesAndNothingIsKept) {
  RateLimiter limiter({.count = 0}, Waiting::kAlone, clock_);
  EXPECT_EQ(admitted(limiter, "a", 100'000), 100'000);
  limiter.give_back("a");
  EXPECT_EQ(limiter.size(), 0U);
}

TEST_F(RateLimiterTest, SoManyPassAtOnceAndThenOneForEachPartOfThePeriod) {
  RateLimiter limiter({.count = 5, .period = 10s}, Waiting::kAlone, clock_);
  EXPECT_EQ(admitted(limiter, "a", 20), 5);
  clock_.advance(1999ms);
  EXPECT_EQ(admitted(limiter, "a", 20), 0);
  clock_.advance(1ms);
  EXPECT_EQ(admitted(limiter, "a", 20), 1);
  clock_.advance(4s);
  EXPECT_EQ(admitted(limiter, "a", 20), 2);
  clock_.advance(24h);
  EXPECT_EQ(admitted(limiter, "a", 20), 5) << "rest is not saved up beyond the period";
}

TEST_F(RateLimiterTest, OverALongTimeTheRateIsKept) {
  RateLimiter limiter({.count = 1000, .period = 60s}, Waiting::kAlone, clock_);
  int passed = 0;
  for (int step = 0; step < 600 * 100; ++step) {
    passed += admitted(limiter, "a", 2);
    clock_.advance(10ms);
  }
  EXPECT_EQ(passed, 1000 + 10 * 1000 - 1);
}

TEST_F(RateLimiterTest, LookingTakesNothingAndRemembersNobody) {
  RateLimiter limiter({.count = 2, .period = 10s}, Waiting::kAlone, clock_);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limiter.look("a"));
  EXPECT_EQ(limiter.size(), 0U);
  EXPECT_EQ(admitted(limiter, "a", 3), 2);
  EXPECT_THAT(limiter.look("a"), Optional(Throttle{.wait = 5s, .repeated = true}));
  EXPECT_FALSE(limiter.look("b"));
  clock_.advance(5s);
  EXPECT_FALSE(limiter.look("a"));
  EXPECT_EQ(admitted(limiter, "a", 3), 1);
}

TEST_F(RateLimiterTest, KeysDoNotDisturbEachOther) {
  RateLimiter limiter({.count = 2}, Waiting::kInTurn, clock_);
  EXPECT_EQ(admitted(limiter, "a", 50), 2);
  EXPECT_EQ(admitted(limiter, "b", 50), 2);
}

TEST_F(RateLimiterTest, OneAloneIsToldWhenThereIsRoom) {
  RateLimiter limiter({.count = 5, .period = 10s}, Waiting::kAlone, clock_);
  admitted(limiter, "a", 5);
  EXPECT_THAT(limiter.admit("a"), Optional(Throttle{2s, false}));
  EXPECT_THAT(limiter.admit("a"), Optional(Throttle{2s, true})) << "asking again does not lengthen it";
  clock_.advance(1500ms);
  EXPECT_THAT(limiter.admit("a"), Optional(Throttle{1s, true})) << "never less than a second";
  clock_.advance(500ms);
  EXPECT_EQ(limiter.admit("a"), std::nullopt);
  EXPECT_THAT(limiter.admit("a"), Optional(Throttle{2s, false})) << "there is something to tell again";
}

TEST_F(RateLimiterTest, ACrowdIsToldOneTimeAfterTheOther) {
  RateLimiter limiter({.count = 60, .period = 30s}, Waiting::kInTurn, clock_);
  admitted(limiter, "a", 60);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 7; ++i) waits.push_back(limiter.admit("a").value().wait.count());
  EXPECT_THAT(waits, ElementsAre(1, 1, 2, 2, 3, 3, 4));
}

TEST_F(RateLimiterTest, ACrowdThatObeysIsServedWithoutFurtherRefusals) {
  RateLimiter limiter({.count = 10, .period = 1s}, Waiting::kInTurn, clock_);
  std::vector<int> comes_back(30, 0);
  for (int i = 0; i < 200; ++i) {
    if (const auto throttle = limiter.admit("a")) ++comes_back.at(static_cast<std::size_t>(throttle->wait.count()));
  }
  int refused = 0;
  for (std::size_t second = 1; second < comes_back.size(); ++second) {
    clock_.advance(1s);
    refused += comes_back[second] - admitted(limiter, "a", comes_back[second]);
  }
  EXPECT_EQ(refused, 0);
}

TEST_F(RateLimiterTest, NobodyIsSentAwayForLong) {
  RateLimiter limiter({.count = 1, .period = 60s}, Waiting::kInTurn, clock_);
  limiter.admit("a");
  for (int i = 0; i < 10'000; ++i) EXPECT_LE(limiter.admit("a").value().wait, RateLimiter::kLongestWait);
  clock_.advance(10min);
  EXPECT_EQ(limiter.admit("a"), std::nullopt);
  EXPECT_EQ(limiter.admit("a").value().wait, 60s) << "the turns of the former crowd are over";
}

TEST_F(RateLimiterTest, WhatIsGivenBackCanBeTakenAgain) {
  RateLimiter limiter({.count = 2}, Waiting::kAlone, clock_);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limiter.admit("a"), std::nullopt);
    limiter.give_back("a");
  }
  limiter.give_back("a");
  EXPECT_EQ(admitted(limiter, "a", 10), 2) << "never more than full";
}

TEST_F(RateLimiterTest, AClockThatIsSetBackLocksNobodyOut) {
  RateLimiter limiter({.count = 6, .period = 60s}, Waiting::kInTurn, clock_);
  admitted(limiter, "a", 20);
  clock_.advance(-48h);
  EXPECT_LE(limiter.admit("a").value().wait, RateLimiter::kLongestWait);
  clock_.advance(60s);
  EXPECT_EQ(admitted(limiter, "a", 20), 6);
}

TEST_F(RateLimiterTest, MemoryIsBoundedAndABusyKeyIsNotForgotten) {
  RateLimiter limiter({.count = 3, .period = 60s}, Waiting::kAlone, clock_, 100);
  int passed = 0;
  for (int i = 0; i < 5000; ++i) {
    limiter.admit("key " + std::to_string(i));
    if (i % 20 == 0) passed += limiter.admit("busy") ? 0 : 1;
    EXPECT_LE(limiter.size(), 200U);
  }
  EXPECT_EQ(passed, 3);
}

TEST_F(RateLimiterTest, ThreadsShareOneBucket) {
  RateLimiter limiter({.count = 1000}, Waiting::kInTurn, clock_);
  std::atomic<int> passed = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += admitted(limiter, "a", 500); });
  threads.clear();
  EXPECT_EQ(passed, 1000);
}

}  // namespace
}  // namespace muster::server
