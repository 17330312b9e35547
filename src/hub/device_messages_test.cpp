#include "hub/device_messages.h"

#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using model::HubMessage;
using provisioning::testing::World;
using testing::ElementsAre;

/// A connection that keeps what comes, and acknowledges when it is told to.
class FakeLink final : public MessageLink {
 public:
  bool deliver(Delivery delivery) override {
    const std::scoped_lock lock(mutex_);
    if (!room) return false;
    came_.push_back(std::move(delivery));
    changed_.notify_all();
    return true;
  }
  void end() override {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  /// What came so far, when so many are there.
  std::vector<std::string> wait_for_count(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return came_.size() >= count; });
    std::vector<std::string> out;
    for (const Delivery& each : came_) out.push_back((each.again ? "!" : "") + each.payload);
    return out;
  }
  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_; });
  }
  Delivery delivery(std::size_t index) {
    const std::scoped_lock lock(mutex_);
    return came_.at(index);
  }

  bool room = true;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Delivery> came_;
  bool ended_ = false;
};

class DeviceMessagesTest : public testing::Test {
 protected:
  DeviceMessagesTest() {
    model::HubDevice device;
    device.hub = hub_.host;
    device.device_id = "d";
    device.credential = model::NoCredential{};
    device.generation_id = "g";
    device.etag = "e";
    world_.must(world_.store().change_hub_device(
        hub_.instance, hub_.host, "d",
        [device](const model::HubDevice*) -> Result<model::HubDevice> { return device; }));
  }

  Result<void> send(const std::string& body, std::chrono::seconds life = std::chrono::hours(1)) {
    return wait_for(messages_->send(hub_, {.device_id = "d",
                                           .properties = {{"$.mid", body}},
                                           .body = body,
                                           .ack = model::MessageAck::kFull,
                                           .enqueued = world_.clock.now(),
                                           .expires = world_.clock.now() + life}));
  }
  std::shared_ptr<FakeLink> begin(std::uint64_t visit) {
    auto link = std::make_shared<FakeLink>();
    messages_->begin(hub_, "d", visit, link);
    return link;
  }
  std::uint64_t count() { return world_.must(world_.store().find_hub_device(hub_.instance, hub_.host, "d"))->messages; }
  /// "Success a" for each record of feedback, when so many events are there.
  std::vector<std::string> feedback(std::size_t events) {
    std::vector<std::string> out;
    std::uint64_t after = 0;
    while (after < events) {
      const auto read = world_.must(log_.read(hub_, {.after = after, .wait = std::chrono::seconds(30)}));
      for (const auto& event : read) {
        after = event.sequence;
        const boost::json::object shown = to_json(event);
        for (const auto& record : shown.at("body").as_array()) {
          out.push_back(std::string(record.at("statusCode").as_string()) + " " +
                        std::string(record.at("originalMessageId").as_string()));
        }
      }
    }
    return out;
  }

  World world_;
  HubName hub_{world_.instance(), "hub-a.test"};
  Timers timers_;
  EventLog log_{world_.store(), timers_};
  std::optional<DeviceMessages> messages_{std::in_place, world_.store(), world_.clock, log_,
                                          DeviceMessages::Settings{.waiting = 5, .in_flight = 2, .deliveries = 2}};
};

TEST_F(DeviceMessagesTest, WhatWaitedGoesOutInOrderAndAFewAtATime) {
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(send(body));
  const auto link = begin(1);
  EXPECT_THAT(link->wait_for_count(2), ElementsAre("a", "b"));
  EXPECT_EQ(link->delivery(0).topic, "devices/d/messages/devicebound/%24.mid=a");
  link->delivery(0).acknowledged();
  EXPECT_THAT(link->wait_for_count(3), ElementsAre("a", "b", "c"));
  EXPECT_EQ(link->delivery(2).number, 3U);
  link->delivery(1).acknowledged();
  link->delivery(2).acknowledged();
  EXPECT_THAT(feedback(3), ElementsAre("Success a", "Success b", "Success c"));
  EXPECT_EQ(count(), 0U);
}

TEST_F(DeviceMessagesTest, WhatComesLaterGoesOutAtOnce) {
  const auto link = begin(1);
  ASSERT_TRUE(send("a"));
  EXPECT_THAT(link->wait_for_count(1), ElementsAre("a"));
}

TEST_F(DeviceMessagesTest, WhatWasNotAcknowledgedComesAgainUntilItIsGivenUp) {
  ASSERT_TRUE(send("a") && send("b"));
  begin(1)->wait_for_count(2);
  messages_->end(hub_, "d", 1);
  const auto second = begin(2);
  EXPECT_THAT(second->wait_for_count(2), ElementsAre("!a", "!b"));
  second->delivery(1).acknowledged();
  messages_->end(hub_, "d", 2);
  ASSERT_TRUE(send("c"));
  EXPECT_THAT(begin(3)->wait_for_count(1), ElementsAre("c"));
  EXPECT_THAT(feedback(2), ElementsAre("Success b", "DeliveryCountExceeded a"));
}

TEST_F(DeviceMessagesTest, AConnectionThatWasTakenOverGetsNothing) {
  const auto second = begin(2);
  const auto first = begin(1);
  messages_->end(hub_, "d", 1);
  messages_->pause(hub_, "d", 1);
  ASSERT_TRUE(send("a"));
  EXPECT_THAT(second->wait_for_count(1), ElementsAre("a"));
  EXPECT_TRUE(first->wait_for_count(0).empty());
}

TEST_F(DeviceMessagesTest, APausedDeviceGoesOnWhereItWas) {
  const auto link = begin(1);
  ASSERT_TRUE(send("a"));
  link->wait_for_count(1);
  messages_->pause(hub_, "d", 1);
  ASSERT_TRUE(send("b"));
  const auto again = begin(1);
  EXPECT_THAT(again->wait_for_count(1), ElementsAre("b")) << "a is in flight on this connection";
  EXPECT_EQ(link->wait_for_count(1).size(), 1U);
}

TEST_F(DeviceMessagesTest, AConnectionWithoutRoomEnds) {
  auto link = std::make_shared<FakeLink>();
  link->room = false;
  messages_->begin(hub_, "d", 1, link);
  ASSERT_TRUE(send("a"));
  link->wait_for_end();
  EXPECT_EQ(count(), 1U);
}

TEST_F(DeviceMessagesTest, NothingGoesOutThatHasExpired) {
  ASSERT_TRUE(send("a", std::chrono::seconds(10)) && send("b"));
  world_.clock.advance(std::chrono::seconds(10));
  EXPECT_THAT(begin(1)->wait_for_count(1), ElementsAre("b"));
  EXPECT_THAT(feedback(1), ElementsAre("Expired a"));
}

TEST_F(DeviceMessagesTest, ExpiryDoesNotWaitForTheDevice) {
  ASSERT_TRUE(send("a", std::chrono::seconds(10)) && send("b"));
  EXPECT_EQ(wait_for(messages_->expire()), 0U);
  world_.clock.advance(std::chrono::seconds(10));
  EXPECT_EQ(wait_for(messages_->expire()), 1U);
  EXPECT_EQ(count(), 1U);
  EXPECT_THAT(feedback(1), ElementsAre("Expired a"));
}

TEST_F(DeviceMessagesTest, TooManyAreRefusedAndAllCanBePurged) {
  for (const char* body : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(send(body));
  EXPECT_EQ(send("f").error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(wait_for(messages_->purge(hub_, "d")), 5U);
  EXPECT_EQ(wait_for(messages_->purge(hub_, "d")), 0U);
  EXPECT_EQ(feedback(1).size(), 5U);
  EXPECT_TRUE(send("f"));
}

}  // namespace
}  // namespace muster::hub
