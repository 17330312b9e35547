#include "wire/hub_identity.h"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

TEST(HubUserName, IsReadInBothForms) {
  const HubIdentity expected{.hub = "hub.example.test", .device_id = "dev1", .api_version = "2021-04-12"};
  EXPECT_EQ(parse_hub_user_name("hub.example.test/dev1/?api-version=2021-04-12"), expected);
  EXPECT_EQ(parse_hub_user_name("hub.example.test/dev1/api-version=2021-04-12"), expected);
}

TEST(HubUserName, TheClientTellsWhatItIs) {
  const auto read = parse_hub_user_name(
      "hub.example.test/dev1/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4%20(node)&model-id=x");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->client, "azure-iot-device/1.18.4 (node)");
}

TEST(HubUserName, IdsAreRaw) {
  const auto read = parse_hub_user_name("h/a%20?b=c/?api-version=v");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->device_id, "a%20?b=c") << "only a question mark that opens the last segment begins the parameters";
}

TEST(HubUserName, ModulesAreTold) {
  EXPECT_EQ(parse_hub_user_name("h/d/m/?api-version=v")->module_id, "m");
}

TEST(HubUserName, OfRepeatedNamesTheFirstCounts) {
  EXPECT_EQ(parse_hub_user_name("h/d/?api-version=1&api-version=2")->api_version, "1");
}

TEST(HubUserName, OtherFormsAreRefused) {
  for (const std::string_view text :
       {"", "h", "h/d", "h/d/", "h/d/?", "/d/?api-version=v", "h//?api-version=v", "h/d//?api-version=v",
        "h/d/m/x/?api-version=v", "h/d/?api-version=", "h/d/?api-version=%zz"}) {
    EXPECT_FALSE(parse_hub_user_name(text)) << text;
  }
}

TEST(HubUserName, WhatIsWrittenIsRead) {
  for (const HubIdentity& identity :
       {HubIdentity{.hub = "h.example.net", .device_id = "d?1", .api_version = "2021-04-12", .client = "muster/1 (x)"},
        HubIdentity{.hub = "h.example.net", .device_id = "d", .module_id = "m", .api_version = "2021-04-12"}}) {
    EXPECT_EQ(parse_hub_user_name(hub_user_name(identity)).value(), identity);
  }
}

}  // namespace
}  // namespace muster::wire
