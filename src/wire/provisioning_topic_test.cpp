#include "wire/provisioning_topic.h"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

TEST(ProvisioningTopic, RequestsAreReadAsClientsWriteThem) {
  EXPECT_EQ(parse_provisioning_topic("$dps/registrations/PUT/iotdps-register/?$rid=1").value(),
            (ProvisioningTopic{"1"}));
  EXPECT_EQ(parse_provisioning_topic("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=9c-1d&operationId=5.a.b")
                .value(),
            (ProvisioningTopic{"9c-1d", "5.a.b"}));
  // The order of parameters is not fixed.
  EXPECT_EQ(
      parse_provisioning_topic("$dps/registrations/GET/iotdps-get-operationstatus/?operationId=5.a.b&$rid=7").value(),
      (ProvisioningTopic{"7", "5.a.b"}));
}

TEST(ProvisioningTopic, ReadsWhatItWrites) {
  EXPECT_EQ(parse_provisioning_topic(register_topic("r")).value(), (ProvisioningTopic{"r"}));
  EXPECT_EQ(parse_provisioning_topic(status_topic("r", "o")).value(), (ProvisioningTopic{"r", "o"}));
}

TEST(ProvisioningTopic, OtherTopicsAreRefused) {
  for (const char* topic :
       {"", "a", "$dps/registrations/res/202/?$rid=1", "$dps/registrations/PUT/iotdps-register",
        "$dps/registrations/PUT/iotdps-register/", "$dps/registrations/PUT/iotdps-register/?rid=1",
        "$dps/registrations/PUT/iotdps-register/?$rid=", "$dps/registrations/PUT/iotdps-register/x?$rid=1",
        "$dps/registrations/put/iotdps-register/?$rid=1", "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=%zz"}) {
    EXPECT_FALSE(parse_provisioning_topic(topic)) << topic;
  }
  EXPECT_FALSE(parse_provisioning_topic(register_topic(std::string(257, '1'))));
}

// device-api.md 6.5 and its checklist row 16.
TEST(ProvisioningTopic, ResponsesAreCutWhereClientsCutThem) {
  EXPECT_EQ(provisioning_response_topic(202, "9c1d", std::chrono::seconds(3)),
            "$dps/registrations/res/202/?$rid=9c1d&retry-after=3");
  EXPECT_EQ(provisioning_response_topic(200, "77aa", {}), "$dps/registrations/res/200/?$rid=77aa");
}

TEST(ProvisioningTopic, DevicesReadTheTopicOfAResponse) {
  EXPECT_EQ(parse_provisioning_response_topic("$dps/registrations/res/202/?$rid=9c1d&retry-after=3"),
            (ProvisioningResponseTopic{.status = 202, .request_id = "9c1d", .retry_after = std::chrono::seconds(3)}));
  EXPECT_EQ(parse_provisioning_response_topic("$dps/registrations/res/401/?$rid=1"),
            (ProvisioningResponseTopic{.status = 401, .request_id = "1"}));
  EXPECT_EQ(
      parse_provisioning_response_topic(provisioning_response_topic(429, "x", std::chrono::seconds(7)))->retry_after,
      std::chrono::seconds(7));
  for (const char* bad :
       {"", "$dps/registrations/res/", "$dps/registrations/res/?$rid=1", "$dps/registrations/res/2x/?$rid=1",
        "$dps/registrations/res/-2/?$rid=1", "$dps/registrations/req/200/?$rid=1", "/?$rid=1"}) {
    EXPECT_FALSE(parse_provisioning_response_topic(bad)) << bad;
  }
}

}  // namespace
}  // namespace muster::wire
