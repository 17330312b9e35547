#include "provisioning/allocation.h"

#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

model::LinkedHub hub(const std::string& name, int weight = 1) {
  model::LinkedHub out;
  out.host_name = name;
  out.allocation_weight = weight;
  return out;
}

model::InstanceConfig config_with(std::vector<model::LinkedHub> hubs) {
  model::InstanceConfig config;
  config.hubs = std::move(hubs);
  return config;
}

std::string chosen(const model::Enrollment& enrollment, const model::InstanceConfig& config, std::string_view id) {
  const Allocation allocation = allocate(enrollment, config, id);
  return allocation.hub != nullptr ? allocation.hub->host_name : std::to_string(allocation.error_code);
}

TEST(Allocation, HashedSpreadsByWeight) {
  const auto config = config_with({hub("a.test", 1), hub("b.test", 3), hub("c.test", 6)});
  std::map<std::string, int> counts;
  constexpr int kDevices = 20'000;
  for (int i = 0; i < kDevices; ++i) ++counts[chosen({}, config, fmt::format("dev-{}", i))];
  EXPECT_NEAR(counts["a.test"], 0.1 * kDevices, 0.01 * kDevices);
  EXPECT_NEAR(counts["b.test"], 0.3 * kDevices, 0.015 * kDevices);
  EXPECT_NEAR(counts["c.test"], 0.6 * kDevices, 0.015 * kDevices);
}

TEST(Allocation, HashedIsTheSameForEverySpellingAndOrder) {
  const auto one = config_with({hub("a.test"), hub("b.test"), hub("c.test")});
  const auto other = config_with({hub("c.test"), hub("A.test"), hub("b.test")});
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(model::id_key(chosen({}, one, fmt::format("Dev-{}", i))),
              model::id_key(chosen({}, other, fmt::format("dEV-{}", i))));
  }
}

TEST(Allocation, ANewHubOnlyTakesDevicesAndNeverShufflesTheOthers) {  // R-085 CHOICE: rendezvous
  const auto before = config_with({hub("a.test"), hub("b.test")});
  const auto after = config_with({hub("a.test"), hub("b.test"), hub("c.test")});
  int moved = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string id = fmt::format("dev-{}", i);
    const std::string now = chosen({}, after, id);
    if (now == "c.test") {
      ++moved;
    } else {
      EXPECT_EQ(now, chosen({}, before, id));
    }
  }
  EXPECT_NEAR(moved, 1'000, 150);
}

TEST(Allocation, StaticNeedsExactlyOneHub) {
  const auto config = config_with({hub("a.test"), hub("b.test")});
  model::Enrollment enrollment;
  enrollment.allocation_policy = model::AllocationPolicy::kStatic;
  EXPECT_EQ(chosen(enrollment, config, "d"), "400208");
  enrollment.iot_hubs = {{"b.test"}};
  EXPECT_EQ(chosen(enrollment, config, "d"), "b.test");
  enrollment.iot_hubs = {{"a.test", "b.test"}};
  EXPECT_EQ(chosen(enrollment, config, "d"), "400208");
}

TEST(Allocation, TheLegacySingleHubIsStatic) {
  model::Enrollment enrollment;
  enrollment.iot_hub_host_name = "b.test";
  EXPECT_EQ(chosen(enrollment, config_with({hub("a.test"), hub("b.test")}), "d"), "b.test");
}

TEST(Allocation, AHubOutOfPolicyIsReachedOnlyByName) {
  auto reserved = hub("b.test");
  reserved.apply_allocation_policy = false;
  const auto config = config_with({hub("a.test"), reserved});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(chosen({}, config, fmt::format("dev-{}", i)), "a.test");
  model::Enrollment enrollment;
  enrollment.iot_hubs = {{"b.test"}};
  EXPECT_EQ(chosen(enrollment, config, "d"), "b.test");
}

TEST(Allocation, WithoutUsableHubTheReasonIsTold) {
  EXPECT_EQ(chosen({}, config_with({}), "d"), "400208");
  model::Enrollment enrollment;
  enrollment.iot_hubs = {{"gone.test"}};
  const Allocation allocation = allocate(enrollment, config_with({hub("a.test")}), "d");
  EXPECT_EQ(allocation.error_code, 400208);
  EXPECT_THAT(allocation.error_message, ::testing::HasSubstr("linked"));
}

TEST(Allocation, TheEnrollmentOverridesTheInstance) {
  auto config = config_with({hub("a.test"), hub("b.test")});
  config.instance.allocation_policy = model::AllocationPolicy::kStatic;
  EXPECT_EQ(chosen({}, config, "d"), "400208");
  model::Enrollment enrollment;
  enrollment.allocation_policy = model::AllocationPolicy::kHashed;
  EXPECT_NE(chosen(enrollment, config, "d"), "400208");
}

}  // namespace
}  // namespace muster::provisioning
