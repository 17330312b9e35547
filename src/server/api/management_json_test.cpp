#include "server/api/management_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/json.h"

namespace muster::server {
namespace {

using ::testing::HasSubstr;

class ManagementJson : public ::testing::Test {
 protected:
  ManagementJson() {
    config_.instance.name = "plant";
    config_.instance.id_scope = "0neTEST0001";
    config_.policies.push_back(model::make_owner_policy(random_));
  }
  Result<model::InstanceConfig> put(const std::string& properties) {
    return apply_instance_put(config_, model::parse_json_object(properties).value(), 3, random_);
  }
  std::string refusal(const std::string& properties) {
    const auto result = put(properties);
    return result ? "accepted" : result.error().message;
  }

  SequenceRandom random_;
  model::InstanceConfig config_;
};

TEST_F(ManagementJson, WhatIsLeftOutStays) {
  const auto next = put(R"({"iotHubs":null})");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->policies, config_.policies);
  EXPECT_EQ(next->hubs, config_.hubs);
}

TEST_F(ManagementJson, LocalHubsAreLinked) {  // service-api.md 8.3
  const auto next = put(R"({"iotHubs":[{"name":"Hub-A.example.net","authenticationType":"Local","allocationWeight":7,
                            "applyAllocationPolicy":false,"location":"ams"}]})");
  ASSERT_TRUE(next) << next.error().message;
  ASSERT_EQ(next->hubs.size(), 1U);
  EXPECT_EQ(next->hubs[0].host_name, "hub-a.example.net");
  EXPECT_EQ(next->hubs[0].allocation_weight, 7);
  EXPECT_FALSE(next->hubs[0].apply_allocation_policy);
  // What is shown can be put back.
  const auto shown = instance_to_json(*next, "/x", "s", "g");
  const auto again = apply_instance_put(*next, shown.at("properties").get_object(), 3, random_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->hubs, next->hubs);
}

TEST_F(ManagementJson, BadHubsAreRefusedByName) {
  const std::string local = R"("authenticationType":"Local")";
  EXPECT_THAT(refusal(R"({"iotHubs":["x"]})"), HasSubstr("object"));
  EXPECT_THAT(refusal(R"({"iotHubs":[{"name":"a.test"}]})"), HasSubstr("Local"));
  EXPECT_THAT(refusal(R"({"iotHubs":[{)" + local + "}]}"), HasSubstr("name"));
  EXPECT_THAT(refusal(R"({"iotHubs":[{"name":"no dot here",)" + local + "}]}"), HasSubstr("name"));
  for (const char* weight : {"0", "1001", "-1", "1.5", "\"1\""}) {
    EXPECT_THAT(
        refusal(R"({"iotHubs":[{"name":"a.test","allocationWeight":)" + std::string(weight) + "," + local + "}]}"),
        HasSubstr("allocationWeight"))
        << weight;
  }
  EXPECT_THAT(refusal(R"({"iotHubs":[{"name":"a.test",)" + local + R"(},{"name":"A.test",)" + local + "}]}"),
              HasSubstr("twice"));
}

TEST_F(ManagementJson, HubsAreLimitedButWhatIsLinkedStaysChangeable) {  // R-200
  const auto hubs = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += (i == 0 ? "" : ",") + std::string(R"({"authenticationType":"Local","name":"h)") + std::to_string(i) +
             R"(.test"})";
    }
    return R"({"iotHubs":[)" + out + "]}";
  };
  EXPECT_EQ(refusal(hubs(3)), "accepted");
  EXPECT_EQ(refusal(hubs(4)), "properties.iotHubs: at most 3 hubs can be linked.");
  EXPECT_EQ(put(hubs(4)).error().code, ErrorCode::kLimitExceeded);
  config_.hubs.resize(5);
  EXPECT_EQ(refusal(hubs(5)), "accepted");
  EXPECT_EQ(refusal(hubs(6)), "properties.iotHubs: at most 5 hubs can be linked.");
}

TEST_F(ManagementJson, PoliciesGetKeysThatNobodyGave) {  // service-api.md 8.2
  const auto next = put(R"({"authorizationPolicies":[
      {"keyName":"provisioningserviceowner","rights":"ServiceConfig, DeviceConnect, EnrollmentWrite"},
      {"keyName":"reader","rights":"EnrollmentRead"}]})");
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->find_policy("provisioningserviceowner")->primary_key, config_.policies[0].primary_key);
  EXPECT_EQ(next->find_policy("reader")->primary_key.size(), 64U);
  EXPECT_FALSE(next->find_policy("reader")->rights.allows(model::Right::kEnrollmentWrite));
}

TEST_F(ManagementJson, NobodyLocksHimselfOut) {
  EXPECT_THAT(refusal(R"({"authorizationPolicies":[]})"), HasSubstr("ServiceConfig"));
  EXPECT_THAT(refusal(R"({"authorizationPolicies":[{"keyName":"r","rights":"EnrollmentRead"}]})"),
              HasSubstr("ServiceConfig"));
}

TEST_F(ManagementJson, BadPoliciesAreRefused) {
  EXPECT_THAT(refusal(R"({"authorizationPolicies":[{"keyName":"a b","rights":"ServiceConfig"}]})"),
              HasSubstr("keyName"));
  EXPECT_NE(refusal(R"({"authorizationPolicies":[{"keyName":"a","rights":"Everything"}]})"), "accepted");
  EXPECT_THAT(refusal(R"({"authorizationPolicies":[{"keyName":"a","rights":"ServiceConfig","primaryKey":"AAAA"}]})"),
              HasSubstr("primaryKey"));
  EXPECT_THAT(refusal(R"({"authorizationPolicies":[{"keyName":"a","rights":"ServiceConfig"},
                                                   {"keyName":"a","rights":"ServiceConfig"}]})"),
              HasSubstr("twice"));
}

TEST_F(ManagementJson, TheInstancePolicyIsNeverCustom) {  // service-api.md 8.4
  EXPECT_EQ(put(R"({"allocationPolicy":"Static"})")->instance.allocation_policy, model::AllocationPolicy::kStatic);
  EXPECT_THAT(refusal(R"({"allocationPolicy":"Custom"})"), HasSubstr("allocationPolicy"));
}

}  // namespace
}  // namespace muster::server
