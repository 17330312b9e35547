#include "hub/live_devices.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::HubFilter;

const HubName kHub{"0ne1", "hub.test"};
const HubName kOther{"0ne1", "other.test"};

class FakeLink final : public DeviceLink {
 public:
  bool send(std::string topic, std::string payload) override {
    sent.push_back(topic + " " + payload);
    return room;
  }
  void end() override { ended = true; }

  std::vector<std::string> sent;
  bool room = true;
  bool ended = false;
};

class CountReady final : public ReadyObserver {
 public:
  void ready_for_methods(const HubName& /*hub*/, const std::string& device_id) override { ready.push_back(device_id); }
  std::vector<std::string> ready;
};

class LiveDevicesTest : public testing::Test {
 protected:
  LiveDevicesTest() { devices_.observe(&observer_); }

  std::shared_ptr<FakeLink> enter(const std::string& id, bool clean = true, const std::string& address = "") {
    auto link = std::make_shared<FakeLink>();
    visit_ = devices_.enter(kHub, id, link, {address, "{}"}, clean);
    return link;
  }
  void subscribe(const std::string& id, HubFilter filter) { devices_.subscribe(kHub, id, visit_->number, filter); }
  bool send(const std::string& id, HubFilter filter) { return devices_.send(kHub, id, filter, "t", "p"); }

  ManualClock clock_{from_micros(1'800'000'000'000'000)};
  CountReady observer_;
  LiveDevices devices_{clock_};
  std::expected<LiveDevices::Visit, LiveDevices::TurnedAway> visit_;
};

TEST_F(LiveDevicesTest, AKeptSessionKnowsWhatItWasGrantedForMessages) {
  enter("d", false);
  EXPECT_FALSE(visit_->messages);
  devices_.subscribe(kHub, "d", visit_->number, HubFilter::kMessages, wire::mqtt::Qos::kAtLeastOnce);
  devices_.leave(kHub, "d", visit_->number);
  enter("d", false);
  EXPECT_EQ(visit_->messages, wire::mqtt::Qos::kAtLeastOnce);
  devices_.unsubscribe(kHub, "d", visit_->number, HubFilter::kMessages);
  devices_.leave(kHub, "d", visit_->number);
  enter("d", false);
  EXPECT_FALSE(visit_->messages);
}

TEST_F(LiveDevicesTest, OnlyWhatADeviceSubscribedToReachesIt) {
  const auto link = enter("d");
  EXPECT_FALSE(send("d", HubFilter::kMethods));
  subscribe("d", HubFilter::kMethods);
  EXPECT_TRUE(send("d", HubFilter::kMethods));
  EXPECT_FALSE(send("d", HubFilter::kDesired));
  EXPECT_FALSE(send("another", HubFilter::kMethods));
  EXPECT_FALSE(devices_.send(kOther, "d", HubFilter::kMethods, "t", "p")) << "the same id at another hub";
  EXPECT_THAT(link->sent, ElementsAre("t p"));
  devices_.unsubscribe(kHub, "d", visit_->number, HubFilter::kMethods);
  EXPECT_FALSE(send("d", HubFilter::kMethods));
}

TEST_F(LiveDevicesTest, StateTellsConnectionAndActivity) {
  EXPECT_FALSE(devices_.state(kHub, "d").changed);
  enter("d");
  const TimePoint came = clock_.now();
  EXPECT_TRUE(devices_.state(kHub, "d").connected);
  EXPECT_EQ(devices_.connected(kHub), 1U);
  EXPECT_EQ(devices_.connected(kOther), 0U);
  clock_.advance(std::chrono::seconds(3));
  devices_.touch(kHub, "d");
  EXPECT_EQ(devices_.state(kHub, "d").last_activity, came + std::chrono::seconds(3));
  EXPECT_EQ(devices_.state(kHub, "d").changed, came);
  devices_.leave(kHub, "d", visit_->number);
  EXPECT_FALSE(devices_.state(kHub, "d").connected);
  EXPECT_EQ(devices_.connected(kHub), 0U);
}

TEST_F(LiveDevicesTest, AKeptSessionKeepsItsSubscriptions) {
  enter("d", false);
  EXPECT_FALSE(visit_->session_present);
  subscribe("d", HubFilter::kMethods);
  devices_.leave(kHub, "d", visit_->number);
  EXPECT_FALSE(send("d", HubFilter::kMethods));
  const auto link = enter("d", false);
  EXPECT_TRUE(visit_->session_present);
  EXPECT_TRUE(send("d", HubFilter::kMethods));
  devices_.began(kHub, "d", visit_->number);
  EXPECT_THAT(observer_.ready, ElementsAre("d", "d")) << "when it subscribed, and when it came back";
  devices_.leave(kHub, "d", visit_->number);
  enter("d", true);
  EXPECT_FALSE(visit_->session_present) << "a clean session begins anew";
  devices_.began(kHub, "d", visit_->number);
  EXPECT_EQ(observer_.ready.size(), 2U);
  EXPECT_FALSE(send("d", HubFilter::kMethods));
}

TEST_F(LiveDevicesTest, TakingOverEndsTheFormerAndIsLimited) {
  const auto first = enter("d");
  const auto former = visit_->number;
  const auto second = enter("d");
  EXPECT_TRUE(first->ended);
  devices_.leave(kHub, "d", former);
  EXPECT_TRUE(devices_.state(kHub, "d").connected) << "the former one's end is nobody's business any more";
  enter("d");
  EXPECT_FALSE(visit_) << "a moment ago";
  EXPECT_FALSE(second->ended);
  clock_.advance(std::chrono::seconds(5));
  enter("d");
  EXPECT_TRUE(visit_);
  EXPECT_TRUE(second->ended);
}

TEST_F(LiveDevicesTest, WhoFightsForAnIdentityIsToldOnce) {
  enter("d", true, "10.0.0.1");
  EXPECT_FALSE(visit_->took_over);
  const TimePoint came = clock_.now();
  clock_.advance(std::chrono::seconds(1));
  enter("d", true, "10.0.0.2");
  EXPECT_TRUE(visit_->took_over);
  clock_.advance(std::chrono::seconds(1));
  enter("d", true, "10.0.0.1");
  ASSERT_FALSE(visit_);
  const auto notice = visit_.error().notice;
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->connected.address, "10.0.0.2");
  EXPECT_EQ(notice->connected_since, came + std::chrono::seconds(1));
  EXPECT_EQ(notice->refused.address, "10.0.0.1");
  EXPECT_EQ(notice->take_overs, 1U);
  EXPECT_EQ(notice->refusals, 1U);
  enter("d", true, "10.0.0.1");
  ASSERT_FALSE(visit_);
  EXPECT_FALSE(visit_.error().notice);
}

TEST_F(LiveDevicesTest, WhoIsShutOutLosesConnectionAndSession) {
  const auto link = enter("d", false);
  subscribe("d", HubFilter::kMethods);
  devices_.shut_out(kHub, "d");
  EXPECT_TRUE(link->ended);
  EXPECT_FALSE(devices_.state(kHub, "d").connected);
  enter("d", false);
  EXPECT_FALSE(visit_->session_present);
  devices_.shut_out(kHub, "nobody");
}

TEST_F(LiveDevicesTest, DesiredChangesArePushedWithTheirVersion) {
  const auto link = enter("d");
  model::HubDevice device;
  device.device_id = "d";
  device.twin.desired.version = 4;
  devices_.desired_changed(kHub, device, {{"mode", "eco"}});
  EXPECT_THAT(link->sent, IsEmpty());
  subscribe("d", HubFilter::kDesired);
  devices_.desired_changed(kHub, device, {{"mode", "eco"}});
  EXPECT_THAT(link->sent,
              ElementsAre(R"($iothub/twin/PATCH/properties/desired/?$version=4 {"mode":"eco","$version":4})"));
}

}  // namespace
}  // namespace muster::hub
