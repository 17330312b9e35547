#include <atomic>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/connection.h"
#include "server/net/test_server.h"
#include "wire/ws/reader.h"

namespace muster::server::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using wire::ws::Opcode;

/// Sends back what it gets, and "pushed" when it is woken.
class EchoConnection final : public Connection {
 public:
  EchoConnection(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
                 std::atomic<EchoConnection*>& self)
      : Connection(std::move(stream), std::move(peer_address), environment), self_(self) {
    self_ = this;
  }
  /// From any thread, while the connection lives.
  void push() {
    asio::post(stream().executor(), [this] { wake(); });
  }

 private:
  asio::awaitable<void> serve() override {
    for (;;) {
      const Awaited what = co_await await_octets(std::chrono::seconds(20));
      if (what == Awaited::kEnd) co_return;
      std::string inbox = what == Awaited::kWake ? "pushed" : "";
      if (inbox.empty() && !co_await read_more(inbox)) co_return;
      if (inbox == "flood") inbox = std::string(16UL << 20U, 'x');
      if (!co_await send_octets(as_bytes(inbox))) co_return;
    }
  }

  std::atomic<EchoConnection*>& self_;
};

class EchoProtocol final : public Protocol {
 public:
  std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                      const ConnectionEnvironment& environment) override {
    return std::make_unique<EchoConnection>(std::move(stream), std::move(peer_address), environment, last);
  }
  std::atomic<EchoConnection*> last = nullptr;
};

const std::string kUpgrade =
    "GET /mqtt?x=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const std::string kEcho = kUpgrade + "Sec-WebSocket-Protocol: Echo\r\n\r\n";

std::string frame(Opcode opcode, std::string_view payload) {
  Bytes out;
  wire::ws::append_frame(out, opcode, as_bytes(payload), wire::ws::MaskingKey{9, 8, 7, 6});
  return std::string(as_text(out));
}

/// A client after its upgrade.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : raw_(port) {
    if (!raw_.send(kEcho)) return;
    while (!head_.ends_with("\r\n\r\n")) {
      if (!read_octets(head_, 1)) return;
    }
  }
  [[nodiscard]] const std::string& head() const { return head_; }
  bool send(std::string_view octets) { return raw_.send(octets); }
  bool send(Opcode opcode, std::string_view payload) { return raw_.send(frame(opcode, payload)); }

  /// The next frame as its first octet in hexadecimal, a blank and its payload; "end" when there is none.
  std::string receive() {
    std::string octets;
    std::optional<wire::ws::FrameHeader> header;
    while (!header) {
      if (!read_octets(octets, 1)) return "end";
      const auto begun = wire::ws::read_frame_header(as_bytes(octets));
      if (!begun) return std::string(begun.error().reason);
      header = *begun;
    }
    std::string payload;
    if (!read_octets(payload, header->payload_size)) return "end";
    return hex_lower(as_bytes(octets).first(1)) + " " + payload;
  }
  RawClient& raw() { return raw_; }

 private:
  bool read_octets(std::string& out, std::size_t count) {
    const std::size_t begin = out.size();
    out.resize(begin + count);
    for (std::size_t got = 0; got < count;) {
      const ssize_t part = ::recv(raw_.fd(), out.data() + begin + got, count - got, 0);
      if (part <= 0) return false;
      got += static_cast<std::size_t>(part);
    }
    return true;
  }

  RawClient raw_;
  std::string head_;
};

std::string closed(std::uint16_t code) {
  return std::string("88 ") + static_cast<char>(code >> 8U) + static_cast<char>(code);
}

class WebSocketTest : public ServerFixture {
 protected:
  WebSocketTest() {
    start({.clock = clock_,
           .endpoints = {{"127.0.0.1", 0, upgrading_}},
           .threads = 1,
           .transport = Transport::kPlain,
           .identities = {}});
  }
  std::string answer_to(const std::string& request) {
    RawClient client(port());
    return client.send(request) ? client.read_to_end() : "";
  }
  EchoConnection* last() {
    return eventually([this] { return echo_.last != nullptr; }) ? echo_.last.load() : nullptr;
  }

  EchoProtocol echo_;
  HttpProtocol upgrading_{handler_, HttpSettings{.sub_protocols = {{"echo", echo_}}}};
};

TEST_F(WebSocketTest, GoesOnAsTheSubProtocol) {
  Peer peer(port());
  EXPECT_EQ(peer.head(),
            "HTTP/1.1 101 Switching Protocols\r\nDate: Thu, 15 Jan 2026 00:00:00 GMT\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: Echo\r\n\r\n");
  ASSERT_TRUE(peer.send(Opcode::kBinary, "hello"));
  EXPECT_EQ(peer.receive(), "82 hello");
  EXPECT_TRUE(handler_.seen().empty());
  EXPECT_EQ(counters().open, 1U);
  peer.raw().reset();
  EXPECT_TRUE(all_closed());
}

TEST_F(WebSocketTest, RefusesInTheHandlersWordsAndCloses) {
  EXPECT_THAT(answer_to(kUpgrade + "\r\n"), StartsWith("HTTP/1.1 400 "));
  const std::string unknown = answer_to(kUpgrade + "Sec-WebSocket-Protocol: chat\r\n\r\n");
  EXPECT_THAT(unknown, HasSubstr("refused: None of the offered WebSocket sub-protocols is spoken here."));
  EXPECT_THAT(unknown, HasSubstr("Connection: close\r\n"));
  std::string old = kEcho;
  old.replace(old.find("13"), 2, "08");
  const std::string upgrade_required = answer_to(old);
  EXPECT_THAT(upgrade_required, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(upgrade_required, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_EQ(counters().refused_requests, 3U);
}

TEST_F(WebSocketTest, UpgradesBehindOtherRequestsOfTheConnection) {
  RawClient client(port());
  ASSERT_TRUE(client.send(std::string(kGet) + kEcho + frame(Opcode::kBinary, "early") + frame(Opcode::kClose, "")));
  const std::string all = client.read_to_end();
  EXPECT_THAT(all, HasSubstr("GET /a HTTP/1.1 101 Switching"));
  EXPECT_THAT(all, ::testing::EndsWith("\x82\x05"
                                       "early\x88\x02\x03\xe8"));
}

TEST_F(WebSocketTest, ReadsFramesThatTrickleAndPacketsThatSpanThem) {
  Peer peer(port());
  std::string fragment = frame(Opcode::kBinary, "ab");
  fragment[0] = '\x02';
  for (const char octet : fragment) ASSERT_TRUE(peer.send({&octet, 1}));
  std::string heard = peer.receive();
  if (heard == "82 a") heard += peer.receive().substr(3);
  EXPECT_EQ(heard, "82 ab");
  ASSERT_TRUE(peer.send(Opcode::kContinuation, "c"));
  EXPECT_EQ(peer.receive(), "82 c");
}

TEST_F(WebSocketTest, AnswersPingsInTheMiddleOfEverything) {
  Peer peer(port());
  ASSERT_TRUE(peer.send(Opcode::kPing, "one"));
  EXPECT_EQ(peer.receive(), "8a one");
  std::string fragment = frame(Opcode::kBinary, "ab");
  fragment[0] = '\x02';
  ASSERT_TRUE(peer.send(fragment + frame(Opcode::kPing, "") + frame(Opcode::kPong, "unasked")));
  std::vector<std::string> heard{peer.receive(), peer.receive()};
  EXPECT_THAT(heard, ::testing::UnorderedElementsAre("8a ", "82 ab"));
}

TEST_F(WebSocketTest, WakingTheConnectionLosesNoOctet) {
  Peer peer(port());
  const std::string whole = frame(Opcode::kBinary, "whole");
  EchoConnection* connection = last();
  ASSERT_NE(connection, nullptr);
  connection->push();
  EXPECT_EQ(peer.receive(), "82 pushed");
  // In the middle of a header.
  ASSERT_TRUE(peer.send(whole.substr(0, 3)));
  connection->push();
  EXPECT_EQ(peer.receive(), "82 pushed");
  ASSERT_TRUE(peer.send(whole.substr(3)));
  EXPECT_EQ(peer.receive(), "82 whole");
}

TEST_F(WebSocketTest, ClosesWithTheReason) {
  const std::pair<std::string, std::uint16_t> cases[] = {
      {frame(Opcode::kText, "x"), 1003},
      {std::string("\x82\x01x"), 1002},  // not masked
      {frame(Opcode::kContinuation, "x"), 1002},
      {std::string("\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01", 10) + "mask", 1009},
      {frame(Opcode::kClose, ""), 1000},
      {frame(Opcode::kClose,
             "\x03\xe9"
             "going away"),
       1000},
  };
  for (const auto& [octets, code] : cases) {
    Peer peer(port());
    ASSERT_TRUE(peer.send(octets));
    EXPECT_EQ(peer.receive(), closed(code));
    EXPECT_EQ(peer.receive(), "end");
  }
  EXPECT_TRUE(all_closed());
}

TEST_F(WebSocketTest, OneWriteIsOneMessageEvenWhenItHasToWait) {
  Peer peer(port());
  ASSERT_TRUE(peer.send(Opcode::kBinary, "flood"));
  const std::string heard = peer.receive();
  EXPECT_EQ(heard.size(), 3 + (16UL << 20U));
  EXPECT_THAT(heard.substr(0, 4), "82 x");
  ASSERT_TRUE(peer.send(Opcode::kBinary, "after"));
  EXPECT_EQ(peer.receive(), "82 after");
}

TEST_F(WebSocketTest, PingsWithoutReadingMakeNothingGrow) {
  Peer peer(port());
  std::string pings;
  for (int i = 0; i < 20'000; ++i) pings += frame(Opcode::kPing, std::string(125, 'p'));
  ASSERT_TRUE(peer.send(pings));
  ASSERT_TRUE(peer.send(Opcode::kBinary, "end of it"));
  std::string heard;
  int pongs = 0;
  while ((heard = peer.receive()).starts_with("8a ")) ++pongs;
  EXPECT_EQ(heard, "82 end of it");
  EXPECT_GT(pongs, 0);
}

TEST_F(WebSocketTest, StoppingTheServerSaysGoodbye) {
  Peer peer(port());
  ASSERT_NE(last(), nullptr);
  ASSERT_TRUE(peer.send(Opcode::kBinary, "x"));
  EXPECT_EQ(peer.receive(), "82 x");
  std::thread stopping([this] { server_->stop(std::chrono::seconds(20)); });
  EXPECT_EQ(peer.receive(), closed(1000));
  ASSERT_TRUE(peer.send(Opcode::kClose, "\x03\xe8"));
  EXPECT_EQ(peer.receive(), "end");
  peer.raw().close();
  stopping.join();
}

TEST_F(WebSocketTest, SurvivesPeersThatGoAway) {
  for (const std::size_t size : {0UL, 1UL, 5UL}) {
    Peer peer(port());
    ASSERT_TRUE(peer.send(frame(Opcode::kBinary, "x").substr(0, size)));
    peer.raw().reset();
  }
  EXPECT_TRUE(all_closed());
}

class WebSocketTlsTest : public ServerFixture {
 protected:
  EchoProtocol echo_;
  HttpProtocol upgrading_{handler_, HttpSettings{.sub_protocols = {{"echo", echo_}}}};
};

TEST_F(WebSocketTlsTest, AMessageThatHasToWaitStaysWhole) {
  ServerOptions tls = options();
  tls.endpoints.clear();
  tls.endpoints.push_back({"127.0.0.1", 0, upgrading_});
  start(tls);
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask(kEcho).status(), 101);
  ASSERT_TRUE(client.send(frame(Opcode::kBinary, "flood") + frame(Opcode::kPing, "p")));
  ASSERT_TRUE(client.send(frame(Opcode::kClose, "\x03\xe8")));
  const std::string all = client.read_to_end();
  // The ping is answered when it is read, which is before the connection gets to what came with it.
  const std::string head("\x8a\1p\x82\x7f\0\0\0\0\1\0\0\0", 13);
  const std::string tail("\x88\2\x03\xe8", 4);
  ASSERT_EQ(all.size(), head.size() + (16UL << 20U) + tail.size());
  EXPECT_TRUE(all.starts_with(head));
  EXPECT_EQ(all.find_first_not_of('x', head.size()), all.size() - tail.size());
  EXPECT_TRUE(all.ends_with(tail));
  EXPECT_TRUE(client.ended_properly());
}

}  // namespace
}  // namespace muster::server::test
