#include "server/http/response_writer.h"

#include <gtest/gtest.h>

namespace muster::server {
namespace {

constexpr TimePoint kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 15) + std::chrono::hours(10);

std::string written(const HttpResponse& response, ConnectionHeader connection = ConnectionHeader::kNone,
                    BodyOctets body = BodyOctets::kSend) {
  return write_response(response, kNow, connection, body, Transport::kTls);
}

TEST(ResponseWriter, WritesExactlyWhatClientsNeed) {
  // device-api.md 3.6 and 3.8: reason phrase, exact Content-Length, Date, Strict-Transport-Security; names as spelt
  EXPECT_EQ(written({202, {{"retry-After", "3"}}, "{}"}),
            "HTTP/1.1 202 Accepted\r\n"
            "Date: Thu, 15 Jan 2026 10:00:00 GMT\r\n"
            "retry-After: 3\r\n"
            "Content-Length: 2\r\n"
            "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
            "\r\n"
            "{}");
}

TEST(ResponseWriter, DatesEveryAnswerToTheSecond) {
  const auto date_at = [](TimePoint now) {
    const std::string text =
        write_response({200, {}, ""}, now, ConnectionHeader::kNone, BodyOctets::kSend, Transport::kTls);
    return text.substr(text.find("Date: "), 35);
  };
  EXPECT_EQ(date_at(kNow), "Date: Thu, 15 Jan 2026 10:00:00 GMT");
  EXPECT_EQ(date_at(kNow + std::chrono::microseconds(999'999)), "Date: Thu, 15 Jan 2026 10:00:00 GMT");
  EXPECT_EQ(date_at(kNow + std::chrono::seconds(1)), "Date: Thu, 15 Jan 2026 10:00:01 GMT");
  EXPECT_EQ(date_at(kNow), "Date: Thu, 15 Jan 2026 10:00:00 GMT") << "clocks are set back";
  EXPECT_EQ(date_at(TimePoint()), "Date: Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(ResponseWriter, GivesEveryStatusAReasonPhrase) {
  EXPECT_TRUE(written({429, {}, ""}).starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_TRUE(written({431, {}, ""}).starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_TRUE(written({499, {}, ""}).starts_with("HTTP/1.1 499 "));
  EXPECT_TRUE(written({555, {}, ""}).starts_with("HTTP/1.1 555 Unassigned\r\n"));
}

TEST(ResponseWriter, PromisesTlsOnlyOverTls) {
  // RFC 6797 section 7.2
  const std::string text =
      write_response({200, {}, ""}, kNow, ConnectionHeader::kNone, BodyOctets::kSend, Transport::kPlain);
  EXPECT_EQ(text.find("Strict-Transport-Security"), std::string::npos);
}

TEST(ResponseWriter, SendsNoLengthAndNoBodyWith204) {
  // RFC 9110 section 8.6
  const std::string text = written({204, {}, "stray"});
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(ResponseWriter, AnswersHeadWithTheLengthOfGetAndNoBody) {
  const std::string text = written({200, {}, "12345"}, ConnectionHeader::kNone, BodyOctets::kOmit);
  EXPECT_NE(text.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(ResponseWriter, NamesTheConnectionsFate) {
  EXPECT_NE(written({200, {}, ""}, ConnectionHeader::kClose).find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_NE(written({200, {}, ""}, ConnectionHeader::kKeepAlive).find("\r\nConnection: keep-alive\r\n"),
            std::string::npos);
}

TEST(ResponseWriter, LeavesOutHeadersThatWouldForgeOthers) {
  const std::string bad_texts[] = {"a\r\nX: 1", "a\nX: 1", {"a\0b", 3}};
  for (const std::string& bad : bad_texts) {
    EXPECT_EQ(written({200, {{"Location", bad}}, ""}).find("Location"), std::string::npos);
    EXPECT_EQ(written({200, {{bad, "value"}}, ""}).find("value"), std::string::npos);
  }
}

}  // namespace
}  // namespace muster::server
