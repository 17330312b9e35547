#include "wire/amqp/message.h"

#include <gtest/gtest.h>

namespace muster::wire::amqp {
namespace {

Bytes octets(const std::string& hex) {
  return from_hex(hex).value();
}

/// Properties with this correlation-id, then application properties a = "b", then a body.
std::string with_id(const std::string& id) {
  const std::string items = "4040404040" + id;
  return "005373c0" + hex_lower(Bytes{static_cast<std::uint8_t>(items.size() / 2 + 1)}) + "06" + items;
}
constexpr const char* kProperties =
    "005374c1"
    "0702"
    "a10161a10162";

TEST(AmqpMessage, PartsThatCountAreRead) {
  const auto message = decode_message(octets(with_id("a10178") + kProperties + "005375a0027b7d"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->correlation_id, octets("a10178"));
  EXPECT_EQ(message->property("a"), "b");
  EXPECT_EQ(message->property("c"), std::nullopt);
  EXPECT_EQ(message->body, "{}");
}

TEST(AmqpMessage, CorrelationIdsOfEveryTypeAreKept) {
  for (const std::string id : {"a10178", "5307", "44", "98000102030405060708090a0b0c0d0e0f", "a0021234",
                               "80000000000000ffff", "b10000000178", "c003015001"}) {
    const auto message = decode_message(octets(with_id(id)));
    ASSERT_TRUE(message) << id;
    EXPECT_EQ(message->correlation_id, octets(id)) << id;
  }
  EXPECT_TRUE(decode_message(octets(with_id("40")))->correlation_id.empty());
  EXPECT_TRUE(decode_message(octets("00537345"))->correlation_id.empty()) << "an empty list";
}

TEST(AmqpMessage, BodiesOfEveryKindAreTaken) {
  EXPECT_EQ(decode_message({})->body, "");
  EXPECT_EQ(decode_message(octets("005375a000"))->body, "");
  EXPECT_EQ(decode_message(octets("005375a0027b7d"
                                  "005375a00120"))
                ->body,
            "{} ");
  EXPECT_EQ(decode_message(octets("005377a1027b7d"))->body, "{}");
  EXPECT_EQ(decode_message(octets("005377a0027b7d"))->body, "{}");
  EXPECT_EQ(decode_message(octets("00537740"))->body, "");
  EXPECT_EQ(decode_message(octets("005377c10100"))->body, "");
  EXPECT_EQ(decode_message(octets("00537645"))->body, "");
}

TEST(AmqpMessage, OtherSectionsAndPropertiesAreLeftAlone) {
  EXPECT_TRUE(
      decode_message(octets("00537045"
                            "005371c10100"
                            "005372c10100"
                            "005378c10100")));
  const auto message =
      decode_message(octets("005374c1"
                            "0b04"
                            "a1016141"
                            "a10162a10163"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->property("a"), std::nullopt) << "no text";
  EXPECT_EQ(message->property("b"), "c");
}

TEST(AmqpMessage, WhatIsNoneIsRefused) {
  for (const std::string wrong : {"00", "40", "005375", "005375a005", "005379a000", "005375a10178", "005374c1020141",
                                  "005373c1020141", "00a10178a000", "005373c00402a101"}) {
    EXPECT_FALSE(decode_message(octets(wrong))) << wrong;
  }
}

TEST(AmqpMessage, CorrelationIdsThatAreTooMuchAreRefused) {
  const std::string text(1100 * 2, '6');
  const std::string id = "b10000044c" + text;
  EXPECT_FALSE(
      decode_message(octets("005373d0"
                            "0000045a"
                            "00000006"
                            "4040404040" +
                            id)));
}

TEST(AmqpMessage, ResponseIsWrittenAsClientsReadIt) {
  const Bytes id = octets("a10178");
  const Bytes response = encode_response({.correlation_id = id, .retry_after = std::chrono::seconds(3), .body = "{}"});
  EXPECT_EQ(hex_lower(response),
            "005373c00906"
            "4040404040"
            "a10178"
            "005374c11f04"
            "a10b72657472792d6166746572"
            "5403"
            "a10b52657472792d4166746572"
            "5403"
            "005375a0027b7d");
  EXPECT_EQ(hex_lower(encode_response({.body = "{}"})), "005375a0027b7d");
}

TEST(AmqpMessage, LongPartsOfAResponseAreWrittenInTheirLongForm) {
  const std::string body(300, 'x');
  const Bytes id = octets("b1000000ff" + std::string(255 * 2, '6'));
  const Bytes response =
      encode_response({.correlation_id = id, .retry_after = std::chrono::seconds(300), .body = body});
  const auto message = decode_message(response);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, body);
  EXPECT_EQ(message->correlation_id, id);
  EXPECT_NE(hex_lower(response).find("a10b72657472792d6166746572"
                                     "710000012c"),
            std::string::npos);
}

}  // namespace
}  // namespace muster::wire::amqp
