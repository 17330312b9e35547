#include "muster/linked_hub.h"

#include <gtest/gtest.h>

#include "model/json.h"

namespace muster::cli {
namespace {

boost::json::object resource() {
  return model::parse_json_object(R"({"id":"/x","etag":"e","properties":{"state":"Active",
    "iotHubs":[{"name":"Hub-A.example.net","connectionString":"HostName=a;SharedAccessKey=****"}]}})")
      .value();
}

TEST(LinkedHub, IsAddedInTheShapeOfTheServiceAndAllElseStays) {
  const auto changed = with_linked_hub(resource(), {.host_name = "hub-b.example.net", .allocation_weight = 3});
  ASSERT_TRUE(changed);
  EXPECT_EQ(linked_hubs(*changed).size(), 2U);
  EXPECT_EQ(linked_hubs(*changed).at(0), linked_hubs(resource()).at(0));
  EXPECT_EQ(linked_hubs(*changed).at(1),
            model::parse_json(R"({"name":"hub-b.example.net","authenticationType":"Local","allocationWeight":3,
                                  "applyAllocationPolicy":true})")
                .value());
  EXPECT_EQ(changed->at("properties").at("state"), "Active");
  EXPECT_EQ(changed->at("etag"), "e");
}

TEST(LinkedHub, IsAddedToAServiceThatListsNone) {
  const auto changed = with_linked_hub({}, {.host_name = "h", .apply_allocation_policy = false, .location = "ams"});
  ASSERT_TRUE(changed);
  EXPECT_EQ(linked_hubs(*changed).at(0).at("applyAllocationPolicy"), false);
  EXPECT_EQ(linked_hubs(*changed).at(0).at("location"), "ams");
}

TEST(LinkedHub, IsFoundAndRemovedWithoutRegardToCase) {
  EXPECT_TRUE(find_linked_hub(resource(), "hub-a.EXAMPLE.net"));
  const auto changed = without_linked_hub(resource(), "hub-a.example.net");
  ASSERT_TRUE(changed);
  EXPECT_TRUE(linked_hubs(*changed).empty());
  EXPECT_EQ(with_linked_hub(resource(), {.host_name = "hub-a.example.net"}).error().code, ErrorCode::kConflict);
}

TEST(LinkedHub, IsChangedInWhatIsGiven) {
  const auto linked = with_linked_hub(resource(), {.host_name = "hub-b.example.net", .location = "ams"}).value();
  const auto changed = with_changed_hub(linked, {.host_name = "HUB-B.example.net", .allocation_weight = 7});
  ASSERT_TRUE(changed);
  EXPECT_EQ(linked_hubs(*changed).at(0), linked_hubs(resource()).at(0));
  EXPECT_EQ(linked_hubs(*changed).at(1),
            model::parse_json(R"({"name":"hub-b.example.net","authenticationType":"Local","allocationWeight":7,
                                  "applyAllocationPolicy":true,"location":"ams"})")
                .value());
}

TEST(LinkedHub, WhatIsNotLinkedIsNotFound) {
  for (const char* text : {"{}", R"({"properties":null})", R"({"properties":{"iotHubs":7}})",
                           R"({"properties":{"iotHubs":[null,{"name":5},{"name":"other"}]}})"}) {
    const auto given = model::parse_json_object(text).value();
    EXPECT_EQ(find_linked_hub(given, "hub").error().code, ErrorCode::kNotFound) << text;
    EXPECT_EQ(without_linked_hub(given, "hub").error().code, ErrorCode::kNotFound) << text;
    EXPECT_EQ(with_changed_hub(given, {.host_name = "hub"}).error().code, ErrorCode::kNotFound) << text;
  }
}

}  // namespace
}  // namespace muster::cli
