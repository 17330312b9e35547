#include "provisioning/assignment.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_hubs.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using model::Substatus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MapHubs;
using testing::World;

class Assignment : public ::testing::Test {
 protected:
  Assignment() {
    for (const char* name : {"a.test", "b.test"}) {
      model::LinkedHub hub;
      hub.host_name = name;
      hub.kind = model::HubKind::kAzure;
      config_.hubs.push_back(hub);
    }
    config_.instance.id = world_.instance();
    enrollment_.id = "dev-1";
    enrollment_.initial_twin =
        boost::json::object{{"tags", {{"site", "ams"}}}, {"properties", {{"desired", {{"interval", 30}}}}}};
    record_.registration_id = "Dev-1";
    go_to("a.test");
  }

  void go_to(const std::string& hub) { enrollment_.iot_hubs = {{hub}}; }
  void assigned_before(const std::string& hub, boost::json::object tags = {}, boost::json::object desired = {}) {
    record_.assigned_hub = hub;
    record_.device_id = "dev-1";
    put(hub, "dev-1", std::move(tags), std::move(desired));
  }
  void put(const std::string& hub, const std::string& id, boost::json::object tags, boost::json::object desired = {}) {
    hubs_.hubs[hub][id].twin = model::make_twin(std::move(tags), std::move(desired), world_.clock.now());
  }
  Result<AssignmentResult> run() {
    const AssignmentInput input{config_, enrollment_, record_, model::SasCredential{}, api_version_};
    return wait_for(assign(input, choose_hub(input), hubs_, world_.store(), world_.clock.now()));
  }
  boost::json::object tags(const std::string& hub, const std::string& id = "dev-1") {
    return hubs_.hubs[hub].at(id).twin.tags;
  }
  boost::json::object desired(const std::string& hub, const std::string& id = "dev-1") {
    return hubs_.hubs[hub].at(id).twin.desired.values;
  }
  /// Devices that are noted for a hub.
  std::vector<std::string> noted(const std::string& hub) {
    std::vector<std::string> out;
    for (const auto& each : world_.must(world_.store().list_hub_leftovers(world_.instance(), hub, "", 10))) {
      out.push_back(each.device_id);
    }
    return out;
  }
  void refuse(const std::string& step, ErrorCode code) {
    hubs_.before = [step, code](const std::string& begun) -> std::optional<Error> {
      return begun == step ? std::optional(Error{code, "no"}) : std::nullopt;
    };
  }

  World world_;
  model::InstanceConfig config_;
  model::Enrollment enrollment_;
  model::Registration record_;
  std::string api_version_ = "2021-06-01";
  MapHubs hubs_;
};

TEST_F(Assignment, TheFirstTimeTheHubGetsTheInitialTwin) {
  enrollment_.device_id = "pump-7";
  enrollment_.iot_edge = true;
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->hub, "a.test");
  EXPECT_EQ(result->device_id, "pump-7");
  EXPECT_EQ(result->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(hubs_.hubs["a.test"]["pump-7"].spec.iot_edge, true);
  EXPECT_EQ(tags("a.test", "pump-7"), (boost::json::object{{"site", "ams"}}));
  EXPECT_EQ(desired("a.test", "pump-7"), (boost::json::object{{"interval", 30}}));
}

TEST_F(Assignment, AGroupDeviceIsNamedByItsFirstRegistration) {  // R-023, design section 9
  enrollment_.kind = model::EnrollmentKind::kGroup;
  enrollment_.id = "line";
  EXPECT_EQ(run()->device_id, "Dev-1");
}

TEST_F(Assignment, ANewDeviceIdWaitsUntilTheRecordIsDeleted) {
  assigned_before("a.test");
  enrollment_.device_id = "other";
  EXPECT_EQ(run()->device_id, "dev-1");
}

TEST_F(Assignment, MigrateToTheSameHubKeepsTheTwin) {
  assigned_before("a.test", {{"site", "changed"}}, {});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, true};
  EXPECT_EQ(run()->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "changed"}}));
}

TEST_F(Assignment, ResetOnTheSameHubPutsTheTwinBack) {
  assigned_before("a.test", {{"site", "changed"}}, {});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, false};
  EXPECT_EQ(run()->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "ams"}}));
}

TEST_F(Assignment, MigrateToAnotherHubCarriesTheTwinAndLeavesTheOldHub) {
  assigned_before("a.test", {{"site", "changed"}}, {{"interval", 5}});
  go_to("b.test");
  const auto result = run();
  EXPECT_EQ(result->hub, "b.test");
  EXPECT_EQ(result->substatus, Substatus::kDeviceDataMigrated);
  EXPECT_EQ(desired("b.test"), (boost::json::object{{"interval", 5}}));
}

TEST_F(Assignment, ResetToAnotherHubStartsFromTheInitialTwin) {
  assigned_before("a.test", {{"site", "changed"}}, {});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, false};
  go_to("b.test");
  EXPECT_EQ(run()->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(tags("b.test"), (boost::json::object{{"site", "ams"}}));
}

TEST_F(Assignment, NeverKeepsTheHubButRenewsTheCredential) {
  assigned_before("a.test", {{"site", "changed"}}, {});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{false, false};
  go_to("b.test");
  const auto result = run();
  EXPECT_EQ(result->hub, "a.test");
  EXPECT_EQ(result->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(hubs_.hubs["a.test"]["dev-1"].spec.device_id, "dev-1");
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "changed"}}));
}

TEST_F(Assignment, OldDeviceApisStayWhereTheyAreWithoutAPolicy) {
  assigned_before("a.test");
  go_to("b.test");
  api_version_ = "2017-08-31-preview";
  EXPECT_EQ(run()->hub, "a.test");
  api_version_ = "2018-04-01";
  EXPECT_EQ(run()->hub, "a.test");
  api_version_ = "2018-09-01-preview";
  EXPECT_EQ(run()->hub, "b.test");
}

TEST_F(Assignment, AHubThatRefusesUsFailsTheRegistration) {
  refuse("put a.test", ErrorCode::kUnauthorized);
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, AssignmentResult::Status::kFailed);
  EXPECT_EQ(result->error_code, 400209);
}

TEST_F(Assignment, PassingTroubleAtTheHubIsNotFinal) {
  refuse("put a.test", ErrorCode::kUnavailable);
  EXPECT_FALSE(run());
}

TEST_F(Assignment, ADeviceThatMovesIsNotedForTheHubThatItLeaves) {  // hub-api.md 5.3
  assigned_before("a.test");
  go_to("b.test");
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->hub, "b.test");
  ASSERT_TRUE(result->leftover);
  EXPECT_EQ(result->leftover->hub, "a.test");
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1")) << "it goes when the record says that it is elsewhere";
}

TEST_F(Assignment, WhatAHubElsewhereGetsIsNotedFirst) {
  hubs_.before = [this](const std::string& step) -> std::optional<Error> {
    if (step == "put a.test") EXPECT_THAT(noted("a.test"), ElementsAre("dev-1"));
    return std::nullopt;
  };
  ASSERT_TRUE(run());
  EXPECT_THAT(hubs_.steps, ElementsAre("put a.test", "twin a.test"));
}

TEST_F(Assignment, ADeviceThatSomebodyElseMadeIsNotOurs) {  // hub-api.md 5.2
  put("a.test", "dev-1", {{"site", "theirs"}});
  ASSERT_TRUE(run());
  EXPECT_THAT(noted("a.test"), IsEmpty()) << "it stays there whatever becomes of the registration";
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "theirs"}}));
}

TEST_F(Assignment, ATryThatBrokeOffIsGoneOnWith) {
  hubs_.after = [](const std::string& step) -> std::optional<Error> {
    return step == "put a.test" ? std::optional(Error{ErrorCode::kUnavailable, "cut off"}) : std::nullopt;
  };
  EXPECT_FALSE(run());
  hubs_.after = nullptr;
  ASSERT_TRUE(run());
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "ams"}})) << "its first twin was not written before";
}

TEST_F(Assignment, AnOldTwinIsNotLostWhenItsHubDoesNotAnswer) {
  assigned_before("a.test");
  go_to("b.test");
  refuse("read a.test", ErrorCode::kUnavailable);
  EXPECT_FALSE(run());
  refuse("read a.test", ErrorCode::kUnauthorized);
  EXPECT_EQ(run()->error_code, 400209);
  EXPECT_TRUE(hubs_.hubs["b.test"].empty());
}

TEST_F(Assignment, ResetDoesNotAskTheOldHub) {
  assigned_before("a.test");
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, false};
  go_to("b.test");
  refuse("read a.test", ErrorCode::kUnavailable);
  EXPECT_EQ(run()->hub, "b.test");
}

TEST_F(Assignment, WithoutItsOldHubADeviceStartsAfreshAndSaysSo) {  // hub-api.md 5.3
  assigned_before("gone.test", {{"site", "old"}});
  go_to("b.test");
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(tags("b.test"), (boost::json::object{{"site", "ams"}}));
  EXPECT_FALSE(result->checks.back().passed);
  ASSERT_TRUE(result->leftover) << "it is removed there when the hub is linked again";
}

TEST_F(Assignment, ADeviceThatItsOldHubLostStartsAfresh) {
  assigned_before("a.test");
  hubs_.hubs.clear();
  go_to("b.test");
  EXPECT_EQ(run()->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(tags("b.test"), (boost::json::object{{"site", "ams"}}));
}

TEST_F(Assignment, ADeviceThatItsHubLostIsMadeAgain) {
  assigned_before("a.test");
  hubs_.hubs.clear();
  EXPECT_EQ(run()->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(tags("a.test"), (boost::json::object{{"site", "ams"}}));
}

TEST_F(Assignment, AHubWithoutTwinsIsAWarning) {  // hub-api.md 5.2
  refuse("twin a.test", ErrorCode::kUnsupported);
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->hub, "a.test");
  const auto warned = [](const Check& check) { return check.what == "hub.write-twin" && !check.passed; };
  EXPECT_TRUE(std::ranges::any_of(result->checks, warned));
}

TEST_F(Assignment, NoHubFailsWithTheCodeThatDevicesKnow) {
  go_to("gone.test");
  EXPECT_EQ(run()->error_code, 400208);
}

}  // namespace
}  // namespace muster::provisioning
