#include "hub/sink_runner.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/event_retention.h"
#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using model::HubEvent;
using provisioning::testing::World;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using Verdict = Delivery::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Takes batches as the test says, and tells what it was given.
class Target final : public SinkTarget {
 public:
  Task<Delivery> deliver(const HubName& /*hub*/, const std::vector<HubEvent>& events) override {
    std::string bodies;
    for (const HubEvent& event : events) bodies += event.body;
    batches.push_back(bodies);
    co_return answer(events);
  }
  void stop() override { stopped = true; }

  std::function<Delivery(const std::vector<HubEvent>&)> answer = [](const auto&) { return Delivery{}; };
  std::vector<std::string> batches;
  bool stopped = false;
};

/// Time passes at once. The test looks on from here, and ends the runner.
class Waits final : public Pauses {
 public:
  Task<bool> pause(milliseconds time) override {
    times.push_back(time);
    if (on_pause) on_pause();
    co_return true;
  }
  void cut() override {}

  std::vector<milliseconds> times;
  std::function<void()> on_pause;
};

class SinkRunnerTest : public testing::Test {
 protected:
  SinkRunnerTest() { settings_.name = "line"; }

  void append(const std::string& bodies) {
    for (const char c : bodies) {
      const HubEvent event{.device_id = "d", .body = std::string(1, c), .enqueued = world_.clock.now()};
      EXPECT_TRUE(wait_for(log_.append(hub_, event)));
    }
  }
  /// Runs a sink until it has dealt with `last` or has paused `most_pauses` times.
  SinkHealth run(std::uint64_t last, std::size_t most_pauses = 100) {
    SinkRunner runner(settings_, {world_.store(), log_, target_, waits_, world_.random,
                                  [this](const std::string& /*host*/) { return find(); }});
    const auto answer = target_.answer;
    target_.answer = [&](const std::vector<HubEvent>& events) {
      const Delivery out = answer(events);
      if (out.verdict == Verdict::kDone && events.back().sequence >= last) runner.stop();
      return out;
    };
    const std::size_t before = waits_.times.size();
    const auto on_pause = waits_.on_pause;
    waits_.on_pause = [&] {
      if (on_pause) on_pause();
      if (waits_.times.size() - before >= most_pauses) runner.stop();
    };
    wait_for(runner.run());
    target_.answer = answer;
    waits_.on_pause = on_pause;
    return runner.health();
  }
  Task<std::optional<HubName>> find() { co_return served_ ? std::optional(hub_) : std::nullopt; }

  World world_;
  HubName hub_{world_.instance(), "hub-a.test"};
  bool served_ = true;
  Timers timers_;
  EventLog log_{world_.store(), timers_};
  Target target_;
  Waits waits_;
  SinkSettings settings_;
};

TEST_F(SinkRunnerTest, DeliversInOrderAndRemembersItsPlace) {
  append("abc");
  settings_.events = 2;
  const auto health = run(3);
  EXPECT_THAT(target_.batches, ElementsAre("ab", "c"));
  EXPECT_EQ(health.delivered, 3U);
  EXPECT_EQ(health.deliveries, 2U);
  append("de");
  run(5);
  EXPECT_THAT(target_.batches, ElementsAre("ab", "c", "de")) << "after a restart";
}

TEST_F(SinkRunnerTest, WhatIsNotTakenComesAgainAfterLongerAndLongerPauses) {
  append("ab");
  int tries = 0;
  target_.answer = [&](const auto&) {
    return ++tries < 5 ? Delivery{.verdict = Verdict::kLater, .reason = "busy"} : Delivery{};
  };
  const auto health = run(2);
  EXPECT_THAT(target_.batches, ElementsAre("ab", "ab", "ab", "ab", "ab"));
  EXPECT_THAT(waits_.times,
              ElementsAre(AllOf(Ge(milliseconds(500)), Le(seconds(1))), AllOf(Ge(seconds(1)), Le(seconds(2))),
                          AllOf(Ge(seconds(2)), Le(seconds(4))), AllOf(Ge(seconds(4)), Le(seconds(8)))));
  EXPECT_EQ(health.failures, 4U);
  EXPECT_THAT(health.trouble, IsEmpty());
}

TEST_F(SinkRunnerTest, AReceiverThatIsAwayForLongIsAskedOnceAMinute) {
  append("a");
  target_.answer = [](const auto&) { return Delivery{.verdict = Verdict::kLater, .reason = "away"}; };
  const auto health = run(1, 200);
  EXPECT_THAT(waits_.times, Each(Le(seconds(60))));
  EXPECT_EQ(health.trouble, "away");
  EXPECT_EQ(health.position, 0U);
  EXPECT_EQ(health.given_up, 0U);
}

TEST_F(SinkRunnerTest, APauseThatIsAskedForIsKept) {
  append("a");
  int tries = 0;
  target_.answer = [&](const auto&) {
    return ++tries == 1 ? Delivery{.verdict = Verdict::kLater, .pause = seconds(77)} : Delivery{};
  };
  run(1);
  EXPECT_THAT(waits_.times, ElementsAre(seconds(77)));
}

TEST_F(SinkRunnerTest, APartThatIsTakenDoesNotComeAgain) {
  append("abcd");
  int tries = 0;
  target_.answer = [&](const auto&) {
    return ++tries == 1 ? Delivery{.verdict = Verdict::kLater, .delivered = 3, .reason = "lost"} : Delivery{};
  };
  run(4);
  EXPECT_THAT(target_.batches, ElementsAre("abcd", "d"));
}

TEST_F(SinkRunnerTest, WhatIsRefusedAgainAndAgainIsGivenUpAndCounted) {
  append("abc");
  settings_.events = 2;
  settings_.refusals = 3;
  target_.answer = [](const std::vector<HubEvent>& events) {
    return events.front().body == "a" ? Delivery{.verdict = Verdict::kRefused, .reason = "no"} : Delivery{};
  };
  const auto health = run(3);
  EXPECT_THAT(target_.batches, ElementsAre("ab", "ab", "ab", "c"));
  EXPECT_EQ(health.given_up, 2U);
  EXPECT_EQ(health.delivered, 1U);
}

TEST_F(SinkRunnerTest, WhatIsTooLargeComesInSmallerBatches) {
  append("abcdefgh");
  target_.answer = [](const std::vector<HubEvent>& events) {
    return events.size() > 2 ? Delivery{.verdict = Verdict::kTooLarge, .reason = "large"} : Delivery{};
  };
  run(8);
  EXPECT_THAT(target_.batches, testing::IsSupersetOf({"abcdefgh", "abcd", "ab"}));
  EXPECT_THAT(waits_.times, IsEmpty());
}

TEST_F(SinkRunnerTest, OneEventThatIsTooLargeIsGivenUp) {
  append("ab");
  settings_.refusals = 2;
  target_.answer = [](const std::vector<HubEvent>& events) {
    return events.front().body == "a" ? Delivery{.verdict = Verdict::kTooLarge, .reason = "large"} : Delivery{};
  };
  EXPECT_EQ(run(2).given_up, 1U);
  EXPECT_EQ(target_.batches.back(), "b");
}

TEST_F(SinkRunnerTest, WhatTheRetentionDropsBeforeIsCounted) {
  append("a");
  run(1);
  append("bcd");
  world_.clock.advance(std::chrono::days(2));
  append("e");
  EventRetention retention(world_.store(), world_.clock, {.age = std::chrono::days(1)});
  retention.begin();
  retention.finish();
  const auto health = run(5);
  EXPECT_THAT(target_.batches, ElementsAre("a", "e"));
  EXPECT_EQ(health.lost, 3U);
}

TEST_F(SinkRunnerTest, ANewSinkBeginsWithTheOldestEventAndHasLostNone) {
  append("ab");
  world_.clock.advance(std::chrono::days(2));
  append("c");
  EventRetention retention(world_.store(), world_.clock, {.age = std::chrono::days(1)});
  retention.begin();
  retention.finish();
  const auto health = run(3);
  EXPECT_THAT(target_.batches, ElementsAre("c"));
  EXPECT_EQ(health.lost, 0U);
}

TEST_F(SinkRunnerTest, WaitsForAHubThatIsNotServedYet) {
  append("a");
  served_ = false;
  waits_.on_pause = [this] { served_ = waits_.times.size() >= 3; };
  EXPECT_EQ(run(1).delivered, 1U);
  EXPECT_EQ(waits_.times.size(), 3U);
}

TEST_F(SinkRunnerTest, StopEndsTheTargetToo) {
  append("a");
  run(1);
  EXPECT_TRUE(target_.stopped);
}

}  // namespace
}  // namespace muster::hub
