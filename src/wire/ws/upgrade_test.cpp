#include "wire/ws/upgrade.h"

#include <array>

#include <gtest/gtest.h>

namespace muster::wire::ws {
namespace {

constexpr std::array<std::string_view, 2> kKnown = {"mqtt", "amqpwsb10"};

/// The headers of a sound request, with some of them replaced; an empty value leaves one out.
HeaderList request(const HeaderList& replaced) {
  HeaderList out = {{"Host", "x:443"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"}};
  for (const auto& [name, value] : replaced) {
    std::erase_if(out, [&](const auto& each) { return each.first == name; });
  }
  for (const auto& [name, value] : replaced) {
    if (!value.empty()) out.emplace_back(name, value);
  }
  return out;
}

auto answer(const HeaderList& replaced) {
  return answer_upgrade(request(replaced), kKnown);
}

/// The sub-protocol as the answer names it; "" for a refusal.
std::string chosen(const HeaderList& replaced) {
  const auto upgrade = answer(replaced);
  return upgrade ? upgrade->headers.at(3).second : "";
}

TEST(WebSocketUpgrade, AnswersAsEveryClientCanRead) {
  const auto upgrade = answer({{"Sec-WebSocket-Protocol", "mqtt"}});
  ASSERT_TRUE(upgrade);
  EXPECT_EQ(upgrade->headers, (HeaderList{{"Upgrade", "websocket"},
                                          {"Connection", "Upgrade"},
                                          {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
                                          {"Sec-WebSocket-Protocol", "mqtt"}}));
  EXPECT_EQ(upgrade->sub_protocol, 0U);
}

TEST(WebSocketUpgrade, RepeatsTheSpellingOfTheClient) {
  EXPECT_EQ(chosen({{"Sec-WebSocket-Protocol", "MQTT"}}), "MQTT");
  EXPECT_EQ(chosen({{"Sec-WebSocket-Protocol", "AMQPWSB10"}}), "AMQPWSB10");
  EXPECT_EQ(answer({{"Sec-WebSocket-Protocol", "AmqpWsB10"}})->sub_protocol, 1U);
}

TEST(WebSocketUpgrade, TakesTheFirstThatItKnows) {
  EXPECT_EQ(chosen({{"Sec-WebSocket-Protocol", "chat, amqpwsb10 ,mqtt"}}), "amqpwsb10");
  EXPECT_EQ(chosen({{"Sec-WebSocket-Protocol", "chat"}, {"sec-websocket-protocol", ",,mqtt"}}), "mqtt");
}

TEST(WebSocketUpgrade, ReadsHeadersLeniently) {
  EXPECT_EQ(chosen({{"Connection", "keep-alive, upgrade"}, {"Sec-WebSocket-Protocol", "mqtt"}}), "mqtt");
  EXPECT_EQ(chosen({{"Sec-WebSocket-Extensions", "permessage-deflate"}, {"Sec-WebSocket-Protocol", "mqtt"}}), "mqtt");
}

TEST(WebSocketUpgrade, RefusesWhatCannotBecomeAWebSocket) {
  const HeaderList cases[] = {
      {{"Sec-WebSocket-Protocol", "mqtt"}, {"Connection", ""}},
      {{"Sec-WebSocket-Protocol", "mqtt"}, {"Connection", "close"}},
      {{"Sec-WebSocket-Protocol", "mqtt"}, {"Sec-WebSocket-Key", ""}},
      {{"Sec-WebSocket-Protocol", "mqtt"}, {"Sec-WebSocket-Key", "c2hvcnQ="}},
      {{"Sec-WebSocket-Protocol", "mqtt"}, {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}},  // twice
      {},
      {{"Sec-WebSocket-Protocol", "mqtt5, amqp1"}},
  };
  for (const HeaderList& headers : cases) {
    const auto refused = answer(headers);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 400);
    EXPECT_FALSE(refused.error().reason.empty());
  }
}

TEST(WebSocketUpgrade, TellsOtherVersionsWhichOneIsSpoken) {
  for (const char* version : {"", "8", "14", "13, 8"}) {
    const auto refused = answer({{"Sec-WebSocket-Version", version}, {"Sec-WebSocket-Protocol", "mqtt"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 426);
    EXPECT_EQ(refused.error().headers.back(), (std::pair<std::string, std::string>("Sec-WebSocket-Version", "13")));
  }
}

TEST(WebSocketUpgrade, KnowsWhoAsks) {
  EXPECT_TRUE(asks_for_web_socket("GET", request({})));
  EXPECT_TRUE(asks_for_web_socket("GET", request({{"Upgrade", "h2c, WebSocket"}})));
  EXPECT_FALSE(asks_for_web_socket("GET", request({{"Upgrade", "h2c"}})));
  EXPECT_FALSE(asks_for_web_socket("GET", request({{"Upgrade", ""}})));
  EXPECT_FALSE(asks_for_web_socket("PUT", request({})));
}

}  // namespace
}  // namespace muster::wire::ws
