#include "muster/web_socket_channel.h"

#include <gtest/gtest.h>

#include "muster/fake_channel.h"
#include "wire/ws/handshake.h"
#include "wire/ws/reader.h"

namespace muster::cli {
namespace {

using wire::ws::Opcode;

/// The key of an upgrade request.
std::string key_of(std::string_view request) {
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const auto begin = request.find(kName) + kName.size();
  return std::string(request.substr(begin, request.find("\r\n", begin) - begin));
}

Bytes copy(std::string_view text) {
  const ByteView octets = as_bytes(text);
  return {octets.begin(), octets.end()};
}

class WebSocketChannelTest : public ::testing::Test {
 protected:
  WebSocketChannelTest() {
    end_.reply = [](ByteView octets) {
      const auto text = as_text(octets);
      if (!text.starts_with("GET ")) return Bytes();
      return copy(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
          wire::ws::accept_value(key_of(text)) + "\r\n\r\n");
    };
  }
  Result<std::unique_ptr<OctetChannel>> open() {
    return open_web_socket(end_.channel(), "dps.example.net:8443", "mqtt", random_);
  }
  void say(Opcode opcode, std::string_view payload) {
    Bytes frame;
    wire::ws::append_frame(frame, opcode, as_bytes(payload), std::nullopt);
    end_.say(frame);
  }
  /// What the client has sent, as the service reads it.
  std::string heard(std::size_t index) {
    Bytes octets = end_.heard.at(index);
    std::span<std::uint8_t> rest(octets);
    const auto event = wire::ws::Reader(wire::ws::Sender::kClient, 1000).next(rest);
    if (!event) return std::string(event.error().reason);
    if (const auto* data = std::get_if<wire::ws::Reader::Data>(&*event)) return std::string(as_text(data->octets));
    if (std::holds_alternative<wire::ws::Reader::Pong>(*event)) return "<pong>";
    return std::holds_alternative<wire::ws::Reader::Close>(*event) ? "<close>" : "<other>";
  }

  SequenceRandom random_;
  FakeEnd end_;
};

TEST_F(WebSocketChannelTest, AsksAsTheSdksDo) {
  ASSERT_TRUE(open());
  const std::string_view request = as_text(end_.heard.at(0));
  EXPECT_TRUE(request.starts_with("GET /$iothub/websocket HTTP/1.1\r\nHost: dps.example.net:8443\r\n")) << request;
  EXPECT_TRUE(request.find("Sec-WebSocket-Protocol: mqtt\r\n") != std::string_view::npos);
  EXPECT_TRUE(wire::ws::is_key(key_of(request)));
}

TEST_F(WebSocketChannelTest, CarriesOctetsBothWays) {
  for (const std::size_t piece : {1UL, 1000UL}) {
    end_.piece = piece;
    end_.heard.clear();
    {
      auto channel = open();
      ASSERT_TRUE(channel);
      ASSERT_TRUE((*channel)->send(as_bytes("hello")));
      say(Opcode::kPing, "x");
      say(Opcode::kBinary, "answer");
      std::string received;
      while (received.size() < 6) received += as_text((*channel)->receive().value());
      EXPECT_EQ(received, "answer");
    }
    ASSERT_EQ(end_.heard.size(), 4U);
    EXPECT_EQ(heard(1), "hello");
    EXPECT_EQ(heard(2), "<pong>");
    EXPECT_EQ(heard(3), "<close>");
  }
}

TEST_F(WebSocketChannelTest, TakesOnlyAnAnswerToItsOwnRequest) {
  for (const char* answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: x\r\n\r\n", ""}) {
    end_.reply = [=](ByteView) { return copy(answer); };
    EXPECT_EQ(open().error().code, ErrorCode::kUnavailable) << answer;
  }
  end_.reply = [](ByteView) { return Bytes(100'000, 'x'); };
  EXPECT_FALSE(open());
}

TEST_F(WebSocketChannelTest, EndsWithTheService) {
  auto channel = open();
  ASSERT_TRUE(channel);
  say(Opcode::kClose, "\x03\xe8");
  EXPECT_EQ((*channel)->receive().error().message, "The service closed the connection.");
  auto second = open();
  say(Opcode::kText, "x");
  EXPECT_EQ((*second)->receive().error().message, "WebSocket: text message.");
}

}  // namespace
}  // namespace muster::cli
