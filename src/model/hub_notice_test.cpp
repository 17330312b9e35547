#include "model/hub_notice.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::model {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr TimePoint kTime{std::chrono::seconds(1'700'000'000)};

class HubNoticeTest : public testing::Test {
 protected:
  HubNoticeTest() {
    device_.hub = "hub.test";
    device_.device_id = "d";
    device_.generation_id = "1";
    device_.twin = make_twin({{"site", "north"}, {"at", {{"x", 1}, {"y", 2}}}}, {{"a", 1}}, kTime);
  }
  static boost::json::value body(const HubEvent& event) { return boost::json::parse(event.body); }
  static std::string property(const HubEvent& event, std::string_view name) {
    for (const auto& [key, value] : event.properties) {
      if (key == name) return value.value_or("");
    }
    return "none";
  }
  std::vector<HubEvent> change(const HubDevice& after, TwinWrite how = TwinWrite::kMerge) {
    return notices_of_change({.twin_changes = true}, &device_, after, how, kTime);
  }

  HubDevice device_;
};

TEST_F(HubNoticeTest, ANewDeviceIsToldWithItsTwin) {
  const auto told = notices_of_change({}, nullptr, device_, TwinWrite::kMerge, kTime);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].source, "deviceLifecycleEvents");
  EXPECT_EQ(told[0].enqueued, kTime);
  EXPECT_EQ(property(told[0], "opType"), "createDeviceIdentity");
  EXPECT_EQ(property(told[0], "iothub-message-schema"), "deviceLifecycleNotification");
  EXPECT_EQ(property(told[0], "hubName"), "hub.test");
  EXPECT_EQ(property(told[0], "operationTimestamp"), format_time(kTime));
  EXPECT_EQ(body(told[0]).at("tags").at("site"), "north");
  EXPECT_EQ(body(told[0]).at("properties").at("desired").at("a"), 1);
}

TEST_F(HubNoticeTest, AChangeIsWhatAMergeNeeds) {
  HubDevice after = device_;
  merge_members(after.twin.tags, {{"site", nullptr}, {"at", {{"y", 3}, {"z", 4}}}});
  merge_properties(after.twin.desired, {{"a", 1}, {"b", 2}}, kTime);
  ++after.twin.version;
  const auto told = change(after);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].source, "twinChangeEvents");
  EXPECT_EQ(property(told[0], "opType"), "updateTwin");
  EXPECT_EQ(body(told[0]), boost::json::parse(R"({"version":2,"tags":{"site":null,"at":{"y":3,"z":4}},
                                                  "properties":{"desired":{"b":2,"$version":2}}})"));
}

TEST_F(HubNoticeTest, AReplacementIsToldWhole) {
  HubDevice after = device_;
  after.twin.tags = {};
  ++after.twin.version;
  const auto told = change(after, TwinWrite::kReplace);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(property(told[0], "opType"), "replaceTwin");
  EXPECT_EQ(body(told[0]).at("properties").at("desired").at("a"), 1);
}

TEST_F(HubNoticeTest, AnIdentityThatChangesIsNotTold) {
  HubDevice after = device_;
  after.enabled = false;
  EXPECT_THAT(change(after), IsEmpty());
}

TEST_F(HubNoticeTest, ADeviceThatIsMadeAnewIsANewOne) {
  HubDevice after = device_;
  after.generation_id = "2";
  const auto told = change(after);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(property(told[0], "opType"), "createDeviceIdentity");
}

TEST_F(HubNoticeTest, WhatIsSwitchedOffIsNotTold) {
  const HubNoticeSettings off{.lifecycle = false, .twin_changes = false};
  HubDevice after = device_;
  ++after.twin.version;
  EXPECT_THAT(notices_of_change(off, nullptr, device_, TwinWrite::kMerge, kTime), IsEmpty());
  EXPECT_THAT(notices_of_change(off, &device_, after, TwinWrite::kMerge, kTime), IsEmpty());
  EXPECT_THAT(notices_of_removal(off, device_, kTime), IsEmpty());
}

TEST_F(HubNoticeTest, ConnectionsAreTold) {
  const auto came = notice_of_connection("hub.test", "d", "1", true, 7, kTime);
  EXPECT_EQ(came.source, "deviceConnectionStateEvents");
  EXPECT_EQ(property(came, "opType"), "deviceConnected");
  const auto went = notice_of_connection("hub.test", "d", "1", false, 7, kTime + std::chrono::seconds(1));
  EXPECT_EQ(property(went, "opType"), "deviceDisconnected");
  EXPECT_LT(body(came).at("sequenceNumber").as_string(), body(went).at("sequenceNumber").as_string());
}

TEST_F(HubNoticeTest, AContestTellsOfBothAndOfItsExtent) {
  const IdentityContest contest{.connected = {"10.0.0.1", R"({"scope":"device","type":"sas"})"},
                                .connected_since = kTime,
                                .refused = {"10.0.0.2", R"({"scope":"hub","type":"sas"})"},
                                .take_overs = 3,
                                .refusals = 40,
                                .began = kTime};
  const auto told = notice_of_contest("hub.test", "d", "1", contest, kTime + std::chrono::seconds(17));
  EXPECT_EQ(told.source, "deviceSecurityEvents");
  EXPECT_EQ(property(told, "opType"), "deviceIdentityContested");
  EXPECT_EQ(body(told), boost::json::parse(R"({"connected":{"address":"10.0.0.1",
                                                            "authMethod":{"scope":"device","type":"sas"},
                                                            "since":"2023-11-14T22:13:20.0000000Z"},
                                               "refused":{"address":"10.0.0.2",
                                                          "authMethod":{"scope":"hub","type":"sas"}},
                                               "takeOvers":3,"refusals":40,
                                               "from":"2023-11-14T22:13:20.0000000Z","to":"2023-11-14T22:13:37.0000000Z"})"));
}

}  // namespace
}  // namespace muster::model
