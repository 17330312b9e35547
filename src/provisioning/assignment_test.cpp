#include "provisioning/assignment.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using model::Substatus;

/// Hubs as maps, with a switch for each fault.
class FakeHubs final : public HubLink {
 public:
  Task<Result<void>> put_device(model::InstanceId, model::LinkedHub hub, HubDeviceSpec spec) override {
    if (put_error) co_return std::unexpected(*put_error);
    auto& devices = hubs[hub.host_name];
    const bool known = devices.contains(spec.device_id);
    auto& twin = devices[spec.device_id];
    if (!known || spec.existing_twin == HubDeviceSpec::ExistingTwin::kReplace) twin = spec.initial_twin;
    last = std::move(spec);
    co_return Result<void>();
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId&, const model::LinkedHub&,
                                                   HubDeviceSpec) override {
    return std::nullopt;
  }
  Task<Result<std::optional<TwinState>>> read_twin(model::InstanceId, model::LinkedHub hub, std::string id) override {
    auto& devices = hubs[hub.host_name];
    const auto found = devices.find(id);
    if (found == devices.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub hub, std::string id) override {
    if (delete_error) co_return std::unexpected(*delete_error);
    hubs[hub.host_name].erase(id);
    co_return Result<void>();
  }

  std::map<std::string, std::map<std::string, TwinState>> hubs;
  HubDeviceSpec last;
  std::optional<Error> put_error;
  std::optional<Error> delete_error;
};

class Assignment : public ::testing::Test {
 protected:
  Assignment() {
    for (const char* name : {"a.test", "b.test"}) {
      model::LinkedHub hub;
      hub.host_name = name;
      config_.hubs.push_back(hub);
    }
    enrollment_.id = "dev-1";
    enrollment_.initial_twin =
        boost::json::object{{"tags", {{"site", "ams"}}}, {"properties", {{"desired", {{"interval", 30}}}}}};
    record_.registration_id = "Dev-1";
    go_to("a.test");
  }

  void go_to(const std::string& hub) { enrollment_.iot_hubs = {{hub}}; }
  void assigned_before(const std::string& hub, TwinState twin = {}) {
    record_.assigned_hub = hub;
    record_.device_id = "dev-1";
    hubs_.hubs[hub]["dev-1"] = std::move(twin);
  }
  Result<AssignmentResult> run() {
    const AssignmentInput input{config_, enrollment_, record_, model::SasCredential{}, api_version_};
    return wait_for(assign(input, hubs_));
  }

  model::InstanceConfig config_;
  model::Enrollment enrollment_;
  model::Registration record_;
  std::string api_version_ = "2021-06-01";
  FakeHubs hubs_;
};

TEST_F(Assignment, TheFirstTimeTheHubGetsTheInitialTwin) {
  enrollment_.device_id = "pump-7";
  enrollment_.iot_edge = true;
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->hub, "a.test");
  EXPECT_EQ(result->device_id, "pump-7");
  EXPECT_EQ(result->substatus, Substatus::kInitialAssignment);
  EXPECT_TRUE(hubs_.last.iot_edge);
  EXPECT_EQ(hubs_.hubs["a.test"]["pump-7"].tags, (boost::json::object{{"site", "ams"}}));
  EXPECT_EQ(hubs_.hubs["a.test"]["pump-7"].desired, (boost::json::object{{"interval", 30}}));
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
  assigned_before("a.test", {{{"site", "changed"}}, {}});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, true};
  EXPECT_EQ(run()->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(hubs_.hubs["a.test"]["dev-1"].tags, (boost::json::object{{"site", "changed"}}));
}

TEST_F(Assignment, ResetOnTheSameHubPutsTheTwinBack) {
  assigned_before("a.test", {{{"site", "changed"}}, {}});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, false};
  EXPECT_EQ(run()->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(hubs_.hubs["a.test"]["dev-1"].tags, (boost::json::object{{"site", "ams"}}));
}

TEST_F(Assignment, MigrateToAnotherHubCarriesTheTwinAndLeavesTheOldHub) {
  assigned_before("a.test", {{{"site", "changed"}}, {{"interval", 5}}});
  go_to("b.test");
  const auto result = run();
  EXPECT_EQ(result->hub, "b.test");
  EXPECT_EQ(result->substatus, Substatus::kDeviceDataMigrated);
  EXPECT_EQ(hubs_.hubs["b.test"]["dev-1"].desired, (boost::json::object{{"interval", 5}}));
  EXPECT_TRUE(hubs_.hubs["a.test"].empty());
}

TEST_F(Assignment, ResetToAnotherHubStartsFromTheInitialTwin) {
  assigned_before("a.test", {{{"site", "changed"}}, {}});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{true, false};
  go_to("b.test");
  EXPECT_EQ(run()->substatus, Substatus::kDeviceDataReset);
  EXPECT_EQ(hubs_.hubs["b.test"]["dev-1"].tags, (boost::json::object{{"site", "ams"}}));
  EXPECT_TRUE(hubs_.hubs["a.test"].empty());
}

TEST_F(Assignment, NeverKeepsTheHubButRenewsTheCredential) {
  assigned_before("a.test", {{{"site", "changed"}}, {}});
  enrollment_.reprovision_policy = model::ReprovisionPolicy{false, false};
  go_to("b.test");
  const auto result = run();
  EXPECT_EQ(result->hub, "a.test");
  EXPECT_EQ(result->substatus, Substatus::kInitialAssignment);
  EXPECT_EQ(hubs_.last.device_id, "dev-1");
  EXPECT_EQ(hubs_.hubs["a.test"]["dev-1"].tags, (boost::json::object{{"site", "changed"}}));
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
  hubs_.put_error = Error{ErrorCode::kUnauthorized, "no", ""};
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, AssignmentResult::Status::kFailed);
  EXPECT_EQ(result->error_code, 400209);
}

TEST_F(Assignment, PassingTroubleAtTheHubIsNotFinal) {
  hubs_.put_error = Error{ErrorCode::kUnavailable, "busy", ""};
  EXPECT_FALSE(run());
}

TEST_F(Assignment, ADeviceLeftBehindDoesNotFailTheMove) {  // hub-api.md 5.3
  assigned_before("a.test");
  go_to("b.test");
  hubs_.delete_error = Error{ErrorCode::kUnavailable, "busy", ""};
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->hub, "b.test");
}

TEST_F(Assignment, NoHubFailsWithTheCodeThatDevicesKnow) {
  go_to("gone.test");
  EXPECT_EQ(run()->error_code, 400208);
}

}  // namespace
}  // namespace muster::provisioning
