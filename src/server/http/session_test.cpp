#include "server/http/session.h"

#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/test_server.h"

namespace muster::server::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const std::string kPut = "PUT /p HTTP/1.1\r\nHost: x\r\n";

class SessionTest : public ServerFixture {
 protected:
  /// Sends to a fresh connection and returns all that comes back until the server closes.
  std::string all_of(std::string_view request) {
    TlsClient client(port());
    if (!client.handshake() || !client.send(request)) return "";
    std::string answer = client.read_to_end();
    EXPECT_TRUE(client.ended_properly()) << answer;
    return answer;
  }
  void start_impatient() {
    ServerOptions impatient = options();
    impatient.timeouts.head = milliseconds(40);
    impatient.timeouts.body = milliseconds(40);
    start(impatient);
  }
  /// Sends one octet after the other until the server answers or closes; what it said.
  std::string trickle(std::string_view first) {
    TlsClient client(port());
    if (!client.handshake() || !client.send(first)) return "";
    while (!client.raw().readable(5)) {
      if (!client.send("a")) break;
    }
    return client.read_to_end();
  }
};

TEST_F(SessionTest, AnswersWithExactlyTheseOctets) {
  start();
  EXPECT_EQ(all_of("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nDate: Thu, 15 Jan 2026 00:00:00 GMT\r\nContent-Length: 7\r\n"
            "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nConnection: close\r\n\r\nGET /a ");
}

TEST_F(SessionTest, ShowsThePeerToTheHandler) {
  start();
  EXPECT_EQ(fresh_request().status(), 200);
  EXPECT_EQ(handler_.seen().front().peer_address, "127.0.0.1");
}

TEST_F(SessionTest, KeepsTheConnectionForTheNextRequest) {
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(kGet).body, "GET /a ");
  EXPECT_EQ(counters().accepted, 1U);
  EXPECT_EQ(counters().requests, 3U);
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrder) {
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_reply().body, "GET /" + std::to_string(i) + " ");
}

TEST_F(SessionTest, ReadsBodiesOfEveryFraming) {
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}").body, "GET /a {}");
  EXPECT_EQ(client.ask(kPut + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body,
            "PUT /p abcde");
  EXPECT_EQ(client.ask(kPut + "Content-Length: 0\r\n\r\n").body, "PUT /p ");
}

TEST_F(SessionTest, AsksForTheBodyWhenTheClientWaits) {
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask(kPut + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n").head, "HTTP/1.1 100 Continue");
  EXPECT_EQ(client.ask("ok").body, "PUT /p ok");
  // Never unasked (device-api.md 3.8).
  EXPECT_EQ(client.ask(kPut + "Content-Length: 2\r\n\r\nok").status(), 200);
}

TEST_F(SessionTest, AnswersHeadWithoutBody) {
  start();
  const std::string answer = all_of("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(SessionTest, KeepsHttp10ConnectionsOnlyOnRequest) {
  start();
  EXPECT_THAT(all_of("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  EXPECT_TRUE(client.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has("Connection: keep-alive"));
  EXPECT_EQ(client.ask(kGet).status(), 200);
}

TEST_F(SessionTest, ClosesWhenTheHandlerSaysSo) {
  handler_.answer = [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse{401, {}, "", true}; };
  start();
  EXPECT_THAT(all_of(kGet), HasSubstr("401 Unauthorized"));
}

TEST_F(SessionTest, RefusesWithTheHandlersWordsAndCloses) {
  start();
  const std::pair<std::string, const char*> cases[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {kPut + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {kPut + "Content-Length: 1001\r\n\r\n", "HTTP/1.1 413 Payload Too Large"},
      {kPut + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 413 Payload Too Large"},
      {"GET / HTTP/1.1\r\nX: " + std::string(17000, 'x'), "HTTP/1.1 431 Request Header Fields Too Large"},
  };
  for (const auto& [request, status_line] : cases) {
    const std::string answer = all_of(request);
    EXPECT_TRUE(answer.starts_with(status_line)) << answer;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nrefused: "));
  }
  EXPECT_EQ(counters().requests, 0U);
  EXPECT_EQ(counters().refused_requests, 5U);
}

TEST_F(SessionTest, LetsTheRefusalArriveAlthoughMuchIsStillOnItsWay) {
  start();
  // The rest of the body fits into the buffers of TCP, so that sending it does not depend on the server's reading.
  const std::string answer = all_of(kPut + "Content-Length: 100000\r\n\r\n" + std::string(100000, 'x'));
  EXPECT_THAT(answer, HasSubstr("413 Payload Too Large"));
}

TEST_F(SessionTest, CutsSlowHeads) {
  start_impatient();
  EXPECT_THAT(all_of("GET / HT"), HasSubstr("408 Request Timeout"));
  EXPECT_THAT(trickle("GET /"), HasSubstr("408 Request Timeout"));
  EXPECT_TRUE(all_closed());
}

TEST_F(SessionTest, CutsSlowBodies) {
  start_impatient();
  EXPECT_THAT(all_of(kPut + "Content-Length: 900\r\n\r\nabc"), HasSubstr("408 Request Timeout"));
  EXPECT_THAT(trickle(kPut + "Content-Length: 900\r\n\r\n"), HasSubstr("408 Request Timeout"));
}

TEST_F(SessionTest, ClosesSilentConnectionsWithoutAWord) {
  ServerOptions impatient = options();
  impatient.timeouts.first_octet = milliseconds(20);
  start(impatient);
  EXPECT_EQ(all_of(""), "");
}

TEST_F(SessionTest, ClosesIdleConnectionsAfterTheIdleTime) {
  ServerOptions impatient = options();
  impatient.timeouts.idle = milliseconds(30);
  start(impatient);
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask(kGet).status(), 200);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(client.ended_properly());
}

TEST_F(SessionTest, GivesUpOnAPeerThatNeverReads) {
  handler_.answer = [](HttpRequest) -> Task<HttpResponse> {
    co_return HttpResponse{200, {}, std::string(std::size_t{16} << 20U, 'x')};
  };
  ServerOptions impatient = options();
  impatient.timeouts.write = milliseconds(30);
  impatient.timeouts.linger = milliseconds(30);
  start(impatient);
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  ASSERT_TRUE(client.send(kGet));
  EXPECT_TRUE(eventually([this] { return counters().requests == 1; }));
  EXPECT_TRUE(all_closed());
}

TEST_F(SessionTest, SurvivesAPeerThatVanishesInAnyState) {
  handler_.answer = [](HttpRequest) -> Task<HttpResponse> {
    co_return HttpResponse{200, {}, std::string(std::size_t{4} << 20U, 'x')};
  };
  start();
  {
    RawClient(port()).reset();
  }
  for (const std::string_view sent :
       {std::string_view(), std::string_view("GET / HT"),
        std::string_view("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"), kGet}) {
    TlsClient gone(port());
    ASSERT_TRUE(gone.handshake());
    if (!sent.empty()) ASSERT_TRUE(gone.send(sent));
    gone.raw().reset();
    TlsClient closed(port());
    ASSERT_TRUE(closed.handshake());
    if (!sent.empty()) ASSERT_TRUE(closed.send(sent));
    closed.raw().close();
  }
  EXPECT_TRUE(all_closed());
  EXPECT_EQ(fresh_request().status(), 200);
}

/// A handler whose answers wait until another thread gives them.
class Suspended {
 public:
  Task<HttpResponse> operator()(HttpRequest /*request*/) {
    const int status = co_await Handover<int>([this](auto complete) {
      const std::scoped_lock lock(mutex_);
      complete_ = std::move(complete);
    });
    co_return HttpResponse{status, {}, "late"};
  }
  bool waiting() {
    const std::scoped_lock lock(mutex_);
    return static_cast<bool>(complete_);
  }
  void complete(int status) {
    std::unique_lock lock(mutex_);
    auto complete = std::exchange(complete_, {});
    lock.unlock();
    complete(status);
  }

 private:
  std::mutex mutex_;  // protects complete_
  std::move_only_function<void(int)> complete_;
};

TEST_F(SessionTest, SendsAnswersThatAnotherThreadCompletes) {
  Suspended suspended;
  handler_.answer = std::ref(suspended);
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  for (const int status : {202, 404}) {
    ASSERT_TRUE(client.send(kGet));
    ASSERT_TRUE(eventually([&] { return suspended.waiting(); }));
    suspended.complete(status);
    EXPECT_EQ(client.read_reply().status(), status);
  }
}

TEST_F(SessionTest, OutlivesThePeerWhileTheHandlerWorks) {
  Suspended suspended;
  handler_.answer = std::ref(suspended);
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  ASSERT_TRUE(client.send(kGet));
  ASSERT_TRUE(eventually([&] { return suspended.waiting(); }));
  client.raw().reset();
  suspended.complete(200);
  EXPECT_TRUE(all_closed());
}

TEST_F(SessionTest, FinishesTheRequestUnderWayWhenTheServerStops) {
  Suspended suspended;
  handler_.answer = std::ref(suspended);
  start();
  TlsClient idle(port());
  ASSERT_TRUE(idle.handshake());
  TlsClient busy(port());
  ASSERT_TRUE(busy.handshake());
  ASSERT_TRUE(busy.send(kGet));
  ASSERT_TRUE(eventually([&] { return suspended.waiting(); }));
  std::thread stopper([this] { server_->stop(std::chrono::seconds(20)); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.ended_properly());
  EXPECT_TRUE(eventually([this] { return !RawClient().connect(port()); }));
  suspended.complete(200);
  const HttpReply reply = busy.read_reply();
  EXPECT_EQ(reply.body, "late");
  EXPECT_TRUE(reply.has("Connection: close"));
  idle.raw().close();
  busy.raw().close();
  stopper.join();
  EXPECT_EQ(counters().open, 0U);
}

TEST_F(SessionTest, WaitsForTheHandlerEvenWhenTheGracePeriodIsOver) {
  Suspended suspended;
  handler_.answer = std::ref(suspended);
  start();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  ASSERT_TRUE(client.send(kGet));
  ASSERT_TRUE(eventually([&] { return suspended.waiting(); }));
  std::thread stopper([this] { server_->stop(milliseconds(0)); });
  EXPECT_TRUE(eventually([this] { return !RawClient().connect(port()); }));
  EXPECT_EQ(counters().open, 1U);
  suspended.complete(200);
  stopper.join();
  EXPECT_EQ(counters().open, 0U);
}

}  // namespace
}  // namespace muster::server::test
