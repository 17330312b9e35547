#include "server/http/request_reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace muster::server {
namespace {

constexpr std::size_t kHeadLimit = 512;
constexpr std::size_t kBodyLimit = 20;

class LimitHandler final : public HttpHandler {
 public:
  [[nodiscard]] std::size_t body_limit(std::string_view /*method*/, std::string_view target) const override {
    return target == "/large" ? 10 * kBodyLimit : kBodyLimit;
  }
  Task<HttpResponse> handle(const HttpRequest& /*request*/) override { co_return HttpResponse{}; }
  [[nodiscard]] HttpResponse refuse(int status, std::string_view /*reason*/) const override { return {status, {}, {}}; }
};

const LimitHandler kHandler;

/// Feeds `text` in pieces of `step` octets, as a session does; the refusal's status or 0.
int feed_in_steps(RequestReader& reader, std::string_view text, std::size_t step) {
  std::string waiting;
  for (std::size_t at = 0; at < text.size() && !reader.complete(); at += step) {
    waiting += text.substr(at, step);
    const auto used = reader.feed(waiting);
    if (!used) return used.error().status;
    waiting.erase(0, *used);
  }
  return 0;
}

TEST(RequestReader, ReadsAGetWithABodyAsNodeSendsIt) {
  RequestReader reader(kHandler, kHeadLimit);
  const std::string text = "GET /x?a=b HTTP/1.1\r\nHost: h:443\r\ncontent-length: 2\r\nUserAgent: c/1\r\n\r\n{}";
  EXPECT_EQ(reader.feed(text), text.size());
  ASSERT_TRUE(reader.complete());
  const HttpRequest request = reader.take();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/x?a=b");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.header("HOST"), "h:443");
  EXPECT_EQ(request.header("Authorization"), std::nullopt);
}

TEST(RequestReader, LeavesTheNextRequestAlone) {
  RequestReader reader(kHandler, kHeadLimit);
  const std::string first = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  EXPECT_EQ(reader.feed(first + "GET / HTTP/1.1\r\n"), first.size());
  EXPECT_TRUE(reader.complete());
}

TEST(RequestReader, ReadsTheSameHoweverTheOctetsAreCut) {
  const std::string text =
      "\r\nPOST /large HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
      "5\r\nhello\r\n1;ext=1\r\n \r\n5\r\nworld\r\n0\r\nX-A: trailer\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    RequestReader reader(kHandler, kHeadLimit);
    ASSERT_EQ(feed_in_steps(reader, text, step), 0) << step;
    ASSERT_TRUE(reader.complete()) << step;
    const HttpRequest request = reader.take();
    EXPECT_EQ(request.body, "hello world");
    // Trailers are no headers (RFC 9110 section 6.5.1).
    EXPECT_EQ(request.headers.size(), 3U);
    EXPECT_EQ(request.header("X-A"), "b");
  }
}

struct RefusedCase {
  const char* name;
  std::string text;
  int status;
};

class RefusedRequests : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedRequests, AreRefusedHoweverTheOctetsAreCut) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, GetParam().text.size()}) {
    RequestReader reader(kHandler, kHeadLimit);
    EXPECT_EQ(feed_in_steps(reader, GetParam().text, step), GetParam().status) << step;
  }
}

const std::string kStart = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string kChunked = kStart + "Transfer-Encoding: chunked\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRequests,
    ::testing::Values(
        RefusedCase{"garbage", "\x16\x03\x01\x02 garbage\r\n\r\n", 400},
        RefusedCase{"http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400}, RefusedCase{"http09", "GET /\r\n\r\n", 400},
        RefusedCase{"http12", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 400},
        RefusedCase{"bare_line_feed", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
        RefusedCase{"nul_in_target", std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), 400},
        RefusedCase{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        RefusedCase{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        RefusedCase{"blank_before_colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        RefusedCase{"header_without_name", "GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
        RefusedCase{"length_and_coding", kStart + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        RefusedCase{"coding_and_length", kStart + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        RefusedCase{"two_lengths", kStart + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        RefusedCase{"negative_length", kStart + "Content-Length: -3\r\n\r\n", 400},
        RefusedCase{"length_overflow", kStart + "Content-Length: 18446744073709551616\r\n\r\n", 400},
        RefusedCase{"length_in_hex", kStart + "Content-Length: 0x3\r\n\r\n", 400},
        RefusedCase{"other_coding", kStart + "Transfer-Encoding: gzip\r\n\r\n", 400},
        RefusedCase{"two_codings", kStart + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
        RefusedCase{"chunked_twice", kStart + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        RefusedCase{"chunked_http10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        RefusedCase{"bad_chunk_size", kChunked + "xyz\r\n", 400},
        RefusedCase{"chunk_size_overflow", kChunked + "11111111111111111\r\n", 400},
        RefusedCase{"bad_chunk_end", kChunked + "1\r\naXY\r\nabc", 400},
        RefusedCase{"endless_chunk_extension", kChunked + "1;" + std::string(2 * kHeadLimit, 'e'), 400},
        RefusedCase{"endless_trailer", kChunked + "0\r\nT: " + std::string(2 * kHeadLimit, 't'), 400},
        RefusedCase{"endless_target", "GET /" + std::string(2 * kHeadLimit, 'a'), 431},
        RefusedCase{"endless_header", kStart + "X: " + std::string(2 * kHeadLimit, 'a'), 431},
        RefusedCase{"many_headers",
                    kStart +
                        [] {
                          std::string many;
                          for (int i = 0; i < 100; ++i) many += "X-Y: 1\r\n";
                          return many + "\r\n";
                        }(),
                    431},
        RefusedCase{"body_beyond_limit", kStart + "Content-Length: 21\r\n\r\n", 413},
        RefusedCase{"huge_length", kStart + "Content-Length: 18446744073709551615\r\n\r\n", 413},
        RefusedCase{"chunk_beyond_limit", kChunked + "15\r\nab", 413},
        RefusedCase{"chunks_beyond_limit", kChunked + "a\r\n0123456789\r\na\r\n0123456789\r\n1\r\n", 413},
        RefusedCase{"huge_chunk", kChunked + "ffffffffffffffff\r\n", 413}),
    [](const auto& suite) { return suite.param.name; });

TEST(RequestReader, TakesDamagedRequestsInAnyPiecesWithoutHarm) {
  const std::string sound =
      "POST /large HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n";
  SequenceRandom random(7);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const Bytes dice = random.bytes(6);
    std::string text = sound;
    text[(dice[0] * 256U + dice[1]) % text.size()] = "\r\n 0f:;\xff"[dice[2] % 8];
    text.erase((dice[3] * 256U + dice[4]) % text.size(), dice[5] % 3);
    RequestReader reader(kHandler, kHeadLimit);
    const int status = feed_in_steps(reader, text, 1 + dice[5] % 9);
    ASSERT_TRUE(status == 0 || status == 400 || status == 413) << text;
    if (status != 0) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

TEST(RequestReader, AsksForTheLimitOfTheTarget) {
  RequestReader reader(kHandler, kHeadLimit);
  EXPECT_TRUE(reader.feed("POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\n"));
  EXPECT_TRUE(reader.head_complete());
}

struct ConnectionCase {
  const char* text;
  bool keep_alive;
  bool expects_continue;
};

TEST(RequestReader, TellsWhatTheConnectionIsToDo) {
  // RFC 9112 section 9.3; RFC 9110 section 10.1.1
  const ConnectionCase cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true, false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", false, false},
      {"GET / HTTP/1.0\r\n\r\n", false, false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, false},
      {"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", true, true},
      {"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", true, false},
      {"PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", false, false},
  };
  for (const auto& [text, keep_alive, expects_continue] : cases) {
    RequestReader reader(kHandler, kHeadLimit);
    ASSERT_TRUE(reader.feed(text)) << text;
    EXPECT_EQ(reader.keep_alive(), keep_alive) << text;
    EXPECT_EQ(reader.expects_continue(), expects_continue) << text;
  }
}

}  // namespace
}  // namespace muster::server
