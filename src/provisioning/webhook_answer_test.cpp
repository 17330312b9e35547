#include "provisioning/webhook_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using boost::json::object;
using ::testing::HasSubstr;

std::string why_not(std::string_view body) {
  const auto answer = read_webhook_answer(body);
  return answer ? "" : answer.error().message;
}

TEST(WebhookAnswer, NamesAHubAndMayBringATwinAndAPayload) {  // service-api.md 9
  const auto answer = read_webhook_answer(
      R"({"iotHubHostName":"hub-b.example.net","payload":{"profile":"b"},"other":1,
          "initialTwin":{"tags":{"line":7},"properties":{"desired":{"interval":60}}}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->hub, "hub-b.example.net");
  EXPECT_EQ(answer->payload, (object{{"profile", "b"}}));
  EXPECT_EQ(answer->initial_twin->at("tags"), (object{{"line", 7}}));
}

TEST(WebhookAnswer, NullAndAbsentAreTheSame) {
  for (const char* body :
       {R"({"iotHubHostName":"h.test"})", R"({"iotHubHostName":"h.test","initialTwin":null,"payload":null})",
        "\xef\xbb\xbf{\"iotHubHostName\":\"h.test\"}"}) {
    const auto answer = read_webhook_answer(body);
    ASSERT_TRUE(answer) << body;
    EXPECT_FALSE(answer->initial_twin);
    EXPECT_FALSE(answer->payload);
  }
}

TEST(WebhookAnswer, AnyJsonIsAPayload) {
  EXPECT_EQ(read_webhook_answer(R"({"iotHubHostName":"h.test","payload":[1,"b"]})")->payload,
            (boost::json::array{1, "b"}));
  EXPECT_EQ(read_webhook_answer(R"({"iotHubHostName":"h.test","payload":""})")->payload, boost::json::value(""));
}

TEST(WebhookAnswer, IsRefusedWithTheReason) {
  EXPECT_THAT(why_not(""), HasSubstr("The answer"));
  EXPECT_THAT(why_not("hub-a"), HasSubstr("The answer"));
  EXPECT_THAT(why_not("[]"), HasSubstr("The answer"));
  EXPECT_THAT(why_not("{}"), HasSubstr("iotHubHostName"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":7})"), HasSubstr("iotHubHostName"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":"a b"})"), HasSubstr("iotHubHostName"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":"h.test","initialTwin":"t"})"), HasSubstr("initialTwin"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":"h.test","initialTwin":{"tags":[]}})"), HasSubstr("tags"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":"h.test","initialTwin":{"properties":{"desired":1}}})"),
              HasSubstr("desired"));
  EXPECT_THAT(why_not(R"({"iotHubHostName":"h.test","payload":)" + std::string(50, '[') + std::string(50, ']') + "}"),
              HasSubstr("The answer"));
  EXPECT_THAT(why_not(std::string(kMaxWebhookAnswer + 1, ' ')), HasSubstr("too large"));
}

TEST(WebhookAnswer, ATwinThatNoHubTakesIsRefused) {  // hub-api.md 1.5
  const std::string text(9000, 'x');
  EXPECT_NE(why_not(R"({"iotHubHostName":"h.test","initialTwin":{"tags":{"a":")" + text + "\"}}}"), "");
}

}  // namespace
}  // namespace muster::provisioning
