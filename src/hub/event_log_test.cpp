#include "hub/event_log.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/event_retention.h"
#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using model::HubEvent;
using provisioning::testing::World;
using testing::ElementsAre;

class EventLogTest : public testing::Test {
 protected:
  template <class T>
  static T must(Task<Result<T>> task) {
    auto result = wait_for(std::move(task));
    EXPECT_TRUE(result) << result.error().message;
    return *std::move(result);
  }
  void append(std::string body) {
    EXPECT_TRUE(
        wait_for(log_.append(hub_, {.device_id = "d", .body = std::move(body), .enqueued = world_.clock.now()})));
  }
  std::string bodies(EventLog::Reading reading) {
    std::string out;
    for (const auto& event : must(log_.read(hub_, std::move(reading)))) out += event.body;
    return out;
  }
  void trim(RetentionSettings settings) {
    EventRetention retention(world_.store(), world_.clock, settings);
    retention.begin();
    retention.finish();
  }

  World world_;
  HubName hub_{world_.instance(), "hub-a.test"};
  Timers timers_;
  EventLog log_{world_.store(), timers_};
};

TEST_F(EventLogTest, EventsAreReadFromAPlaceThatIsKept) {
  append("a");
  append("b");
  append("c");
  EXPECT_EQ(bodies({}), "abc");
  EXPECT_EQ(bodies({.after = 1, .limit = {.events = 1}}), "b");
  EXPECT_EQ(bodies({.consumer = "line"}), "abc");
  EXPECT_EQ(bodies({.consumer = "line", .after = 2}), "c");
  EXPECT_EQ(bodies({.consumer = "line"}), "c") << "the place is kept";
  EXPECT_EQ(bodies({.consumer = "line", .after = 3, .wait = std::chrono::milliseconds(5)}), "");
}

TEST_F(EventLogTest, APageEndsAfterSoManyOctets) {
  for (int i = 0; i < 4; ++i) append(std::string(1000, 'x'));
  EXPECT_EQ(bodies({.limit = {.events = 100, .octets = 1500}}).size(), 2000U);
  EXPECT_EQ(bodies({.limit = {.events = 100, .octets = 1}}).size(), 1000U) << "one always fits";
}

TEST_F(EventLogTest, ManyAtOnceKeepTheirOrder) {
  constexpr int kCount = 5000;
  std::vector<std::promise<bool>> kept(kCount);
  for (int i = 0; i < kCount; ++i) {
    start(log_.append(hub_, {.device_id = "d", .body = std::to_string(i)}),
          [&promise = kept[static_cast<std::size_t>(i)]](const Result<void>& done) {
            promise.set_value(done.has_value());
          });
  }
  for (auto& promise : kept) EXPECT_TRUE(promise.get_future().get());
  const auto events = must(log_.read(hub_, {.limit = {.events = kCount, .octets = SIZE_MAX}}));
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kCount));
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].body, std::to_string(i));
    EXPECT_EQ(events[i].sequence, i + 1);
  }
}

TEST_F(EventLogTest, AReaderIsWokenByAnEvent) {
  std::promise<std::size_t> got;
  start(log_.read(hub_, {.wait = std::chrono::minutes(10)}),
        [&](const Result<std::vector<HubEvent>>& events) { got.set_value(events ? events->size() : 99); });
  append("x");
  EXPECT_EQ(got.get_future().get(), 1U);
}

TEST_F(EventLogTest, NobodyWaitsForALogThatIsClosed) {
  std::promise<std::size_t> got;
  start(log_.read(hub_, {.wait = std::chrono::minutes(10)}),
        [&](const Result<std::vector<HubEvent>>& events) { got.set_value(events ? events->size() : 99); });
  log_.close();
  EXPECT_EQ(got.get_future().get(), 0U);
  EXPECT_EQ(bodies({.wait = std::chrono::minutes(10)}), "");
}

TEST_F(EventLogTest, WhatIsTooOldGoesAndNumbersAreNotGivenAgain) {
  append("a");
  append("b");
  world_.clock.advance(std::chrono::days(2));
  append("c");
  trim({.age = std::chrono::days(3)});
  EXPECT_EQ(bodies({}), "abc");
  trim({.age = std::chrono::days(1)});
  EXPECT_EQ(bodies({}), "c");
  world_.clock.advance(std::chrono::days(2));
  trim({.age = std::chrono::days(1)});
  EXPECT_EQ(bodies({}), "");
  const auto empty = must(world_.store().find_hub_log(hub_.instance, hub_.host));
  EXPECT_EQ(empty.first, 4U);
  EXPECT_EQ(empty.last, 3U);
  EXPECT_EQ(empty.octets, 0U);
  append("d");
  EXPECT_EQ(must(log_.read(hub_, {})).front().sequence, 4U);
}

TEST_F(EventLogTest, WhatIsTooMuchGoes) {
  for (int i = 0; i < 100; ++i) append(std::string(10'000, 'x'));
  const auto before = must(world_.store().find_hub_log(hub_.instance, hub_.host));
  EXPECT_GT(before.octets, 1'000'000U);
  EXPECT_LT(before.octets, 1'100'000U);
  trim({.age = std::chrono::days(1), .octets = 500'000});
  const auto after = must(world_.store().find_hub_log(hub_.instance, hub_.host));
  EXPECT_LE(after.octets, 500'000U);
  EXPECT_GT(after.octets, 480'000U);
  EXPECT_GT(after.first, 50U);
  EXPECT_EQ(after.last, 100U);
}

TEST_F(EventLogTest, ManyGoInSteps) {
  for (int i = 0; i < 40; ++i) append(std::string(250'000, 'x'));
  const auto log = must(world_.store().list_hub_logs()).front();
  const auto step = must(world_.store().trim_hub_events(log.instance, log.hub, TimePoint(), 0));
  EXPECT_GT(step, 10U);
  EXPECT_LT(step, 40U) << "so many large ones are more than one commit takes";
}

}  // namespace
}  // namespace muster::hub
