#include "server/hub_api/message_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const TimePoint kNow = from_micros(1'800'000'000'000'000);

Result<model::HubMessage> read(std::vector<std::pair<std::string, std::string>> headers, std::string body = "x") {
  SystemRandom random;
  const HttpRequest request{.method = "POST",
                            .target = "/",
                            .headers = std::move(headers),
                            .body = std::move(body),
                            .peer_address = "192.0.2.1",
                            .client = std::nullopt};
  return read_message(request, "d 1", kNow, random);
}

TEST(MessageRequest, HeadersBecomeProperties) {
  const auto message = read({{"IoTHub-MessageId", "m1"},
                             {"iothub-correlationid", "c1"},
                             {"iothub-userid", "u1"},
                             {"iothub-to", "/there"},
                             {"content-type", "text/plain"},
                             {"content-encoding", "utf-8"},
                             {"iothub-expiry", "2027-01-15T08:01:00Z"},
                             {"iothub-ack", "Full"},
                             {"IOTHUB-APP-Level", "3"},
                             {"iothub-app-empty", ""},
                             {"Accept", "*/*"}});
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_THAT(message->properties, ElementsAre(Pair("$.mid", "m1"), Pair("$.cid", "c1"), Pair("$.uid", "u1"),
                                               Pair("$.to", "/there"), Pair("$.ct", "text/plain"),
                                               Pair("$.ce", "utf-8"), Pair("$.exp", "2027-01-15T08:01:00.0000000Z"),
                                               Pair("iothub-ack", "full"), Pair("Level", "3"), Pair("empty", "")));
  EXPECT_EQ(message->ack, model::MessageAck::kFull);
  EXPECT_EQ(message->expires, kNow + std::chrono::minutes(1));
}

TEST(MessageRequest, WhatIsMissingHasItsUsualValue) {
  const auto message = read({}, "");
  ASSERT_TRUE(message);
  EXPECT_EQ(message_id(*message).size(), 36U);
  EXPECT_EQ(message->properties.at(1).second, "/devices/d 1/messages/deviceBound");
  EXPECT_EQ(message->ack, model::MessageAck::kNone);
  EXPECT_EQ(message->expires, kNow + std::chrono::hours(1));
  EXPECT_EQ(message->body, "");
}

TEST(MessageRequest, WrongHeadersAreNamed) {
  const std::vector<std::pair<std::string, std::string>> wrong{{"iothub-expiry", "soon"},
                                                               {"iothub-expiry", "2027-01-15T08:00:00Z"},
                                                               {"iothub-expiry", "2027-01-17T08:00:01Z"},
                                                               {"iothub-ack", "maybe"},
                                                               {"iothub-app-", "x"},
                                                               {"iothub-app-$.mid", "x"}};
  for (const auto& header : wrong) {
    const auto refused = read({header});
    ASSERT_FALSE(refused) << header.second;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message, HasSubstr(header.first));
  }
  EXPECT_EQ(read({{"iothub-app-k", "\xff"}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(read({{"iothub-expiry", "2027-01-17T08:00:00Z"}})) << "two days";
}

TEST(MessageRequest, LimitsOfSize) {
  EXPECT_TRUE(read({}, std::string(65'536, 'x')));
  EXPECT_EQ(read({}, std::string(65'537, 'x')).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read({{"iothub-app-k", std::string(8'192, 'x')}}).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace muster::server
