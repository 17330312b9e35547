#include "model/instance.h"

#include <gmock/gmock.h>

namespace muster::model {
namespace {

constexpr Right kAll[] = {Right::kServiceConfig, Right::kEnrollmentRead,         Right::kEnrollmentWrite,
                          Right::kDeviceConnect, Right::kRegistrationStatusRead, Right::kRegistrationStatusWrite};

TEST(Rights, AreReadWithAnyBlanksAndWrittenInOneOrder) {  // service-api.md 1.3
  const auto rights = Rights::parse("EnrollmentWrite,DeviceConnect ,  ServiceConfig");
  ASSERT_TRUE(rights);
  EXPECT_EQ(rights->to_string(), "ServiceConfig, DeviceConnect, EnrollmentWrite");
}

TEST(Rights, SurviveWritingAndReadingInEveryCombination) {
  for (unsigned mask = 0; mask < 64; ++mask) {
    std::string text;
    for (Right right : kAll) {
      if ((mask & static_cast<unsigned>(right)) == 0) continue;
      if (!text.empty()) text += ",";
      text += Rights::of({right}).to_string();
    }
    const auto parsed = Rights::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->bits(), mask);
    EXPECT_EQ(Rights::parse(parsed->to_string()), parsed);
  }
}

TEST(Rights, RefuseUnknownWords) {
  for (std::string_view text : {"Everything", "ServiceConfig,", ",ServiceConfig", "ServiceConfig;DeviceConnect",
                                "ServiceConfig DeviceConnect", "ServiceConfig,,DeviceConnect"}) {
    EXPECT_FALSE(Rights::parse(text)) << text;
  }
}

std::vector<Right> allowed(Right held) {
  std::vector<Right> out;
  for (Right right : kAll) {
    if (Rights::of({held}).allows(right)) out.push_back(right);
  }
  return out;
}

TEST(Rights, ImplyOthersAsTheServiceApiNeeds) {  // service-api.md 1.3
  using testing::ElementsAre;
  EXPECT_THAT(allowed(Right::kEnrollmentRead), ElementsAre(Right::kEnrollmentRead));
  EXPECT_THAT(allowed(Right::kEnrollmentWrite), ElementsAre(Right::kEnrollmentRead, Right::kEnrollmentWrite));
  EXPECT_THAT(allowed(Right::kDeviceConnect), ElementsAre(Right::kDeviceConnect));
  EXPECT_THAT(allowed(Right::kRegistrationStatusRead), ElementsAre(Right::kRegistrationStatusRead));
  EXPECT_THAT(allowed(Right::kRegistrationStatusWrite),
              ElementsAre(Right::kRegistrationStatusRead, Right::kRegistrationStatusWrite));
  EXPECT_THAT(allowed(Right::kServiceConfig),
              ElementsAre(Right::kServiceConfig, Right::kEnrollmentRead, Right::kEnrollmentWrite,
                          Right::kRegistrationStatusRead, Right::kRegistrationStatusWrite));
  for (Right right : kAll) EXPECT_FALSE(Rights().allows(right));
}

TEST(OwnerPolicy, IsAzuresWithTwoFreshKeys) {  // service-api.md 1.3
  SequenceRandom random;
  const SharedAccessPolicy policy = make_owner_policy(random);
  EXPECT_EQ(policy.name, "provisioningserviceowner");
  EXPECT_EQ(policy.rights.to_string(), "ServiceConfig, DeviceConnect, EnrollmentWrite");
  EXPECT_EQ(policy.primary_key.size(), 64U);
  EXPECT_EQ(policy.secondary_key.size(), 64U);
  EXPECT_NE(policy.primary_key, policy.secondary_key);
}

TEST(InstanceConfig, FindsPoliciesExactlyAndHubsWithoutCase) {
  InstanceConfig config;
  config.policies.resize(1);
  config.policies[0].name = "Reader";
  config.hubs.resize(2);
  config.hubs[0].host_name = "hub-a.example.net";
  config.hubs[1].host_name = "hub-b.example.net";
  EXPECT_EQ(config.find_policy("Reader"), &config.policies[0]);
  EXPECT_EQ(config.find_policy("reader"), nullptr);
  EXPECT_EQ(config.find_hub("HUB-B.Example.Net"), &config.hubs[1]);
  EXPECT_EQ(config.find_hub("hub-c.example.net"), nullptr);
  EXPECT_EQ(config.find_certificate("x"), nullptr);
}

}  // namespace
}  // namespace muster::model
