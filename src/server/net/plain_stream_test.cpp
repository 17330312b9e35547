#include "server/net/plain_stream.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/test_server.h"

namespace muster::server::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class PlainStreamTest : public ServerFixture {
 protected:
  ServerOptions plain() {
    return {.clock = clock_,
            .endpoints = {{"127.0.0.1", 0, protocol_}},
            .threads = 1,
            .transport = Transport::kPlain,
            .identities = {}};
  }
  /// What a client gets that sends this and nothing more.
  std::string answer_to(std::string_view octets) {
    RawClient client(port());
    if (!client.send(octets)) return "";
    client.end_sending();
    return client.read_to_end();
  }
};

TEST_F(PlainStreamTest, CarriesRequestsWithoutTls) {
  start(plain());
  const std::string answer = answer_to(std::string(kGet) + "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("GET /a HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, EndsWith("GET /b "));
  EXPECT_THAT(answer, Not(HasSubstr("Strict-Transport-Security")));
  EXPECT_FALSE(handler_.seen().front().client);
  EXPECT_TRUE(all_closed());
}

TEST_F(PlainStreamTest, SendsAnAnswerThatFillsTheSocketsBuffers) {
  start(plain());
  const std::string large(16UL << 20U, 'x');
  handler_.answer = [&](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse{200, {}, large}; };
  const std::string answer = answer_to("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, large.size());
}

TEST_F(PlainStreamTest, CutsPeersThatAreTooSlowOrSpeakTls) {
  ServerOptions impatient = plain();
  impatient.timeouts.head = std::chrono::milliseconds(40);
  start(impatient);
  RawClient slow(port());
  ASSERT_TRUE(slow.send("GET / HT"));
  EXPECT_THAT(slow.read_to_end(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer_to("\x16\x03\x01\x02\x01\x01"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(PlainStreamTest, SurvivesPeersThatGoAway) {
  start(plain());
  for (std::string_view part : {"", "GET /", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
    RawClient client(port());
    ASSERT_TRUE(part.empty() || client.send(part));
    client.reset();
  }
  EXPECT_TRUE(all_closed());
  EXPECT_THAT(answer_to("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace muster::server::test
