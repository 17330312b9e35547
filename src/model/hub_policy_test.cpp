#include "model/hub_policy.h"

#include <set>

#include <gtest/gtest.h>

namespace muster::model {
namespace {

TEST(HubRights, AreReadAndWrittenAsWords) {
  const auto rights = HubRights::parse(" registrywrite,ServiceConnect ");
  ASSERT_TRUE(rights);
  EXPECT_EQ(rights->to_string(), "RegistryWrite, ServiceConnect");
  EXPECT_EQ(HubRights::parse(rights->to_string()), *rights);
  EXPECT_EQ(HubRights::parse(" "), HubRights());
  for (const std::string_view wrong : {"RegistryDelete", "RegistryRead,", ",", "RegistryRead ServiceConnect"}) {
    EXPECT_FALSE(HubRights::parse(wrong)) << wrong;
  }
}

TEST(HubRights, WritingImpliesReadingAndNothingElse) {
  const HubRights writes = HubRights::of({HubRight::kRegistryWrite});
  EXPECT_TRUE(writes.allows(HubRight::kRegistryRead));
  EXPECT_FALSE(writes.allows(HubRight::kServiceConnect));
  EXPECT_FALSE(writes.allows(HubRight::kDeviceConnect));
  EXPECT_FALSE(HubRights::of({HubRight::kRegistryRead}).allows(HubRight::kRegistryWrite));
}

TEST(HubPolicies, AreTheFiveOfAHubWithKeysOfTheirOwn) {
  SystemRandom random;
  const auto policies = make_hub_policies(random);
  ASSERT_EQ(policies.size(), 5U);
  EXPECT_EQ(policies[0].name, "iothubowner");
  EXPECT_EQ(policies[0].rights.to_string(), "RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect");
  EXPECT_EQ(policies[4].rights.to_string(), "RegistryRead, RegistryWrite");
  std::set<std::string> keys;
  for (const HubPolicy& policy : policies) {
    for (const SecretBytes* key : {&policy.primary_key, &policy.secondary_key}) {
      EXPECT_EQ(key->size(), 32U);
      keys.insert(to_base64(key->reveal()));
    }
  }
  EXPECT_EQ(keys.size(), 10U);
}

}  // namespace
}  // namespace muster::model
