#include "base/clock.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr TimePoint kMoment = TimePoint(sys_days(2026y / 1 / 15)) + 10h + 20min + 30s + 123456us;

TEST(Time, IsWrittenWithSevenFractionDigits) {  // device-api.md 3.5
  EXPECT_EQ(format_time(kMoment), "2026-01-15T10:20:30.1234560Z");
  EXPECT_EQ(format_time(TimePoint()), "1970-01-01T00:00:00.0000000Z");
  EXPECT_EQ(format_time(TimePoint(-1us)), "1969-12-31T23:59:59.9999990Z");
}

TEST(Time, OfCertificatesHasNoFraction) {  // service-api.md 0
  EXPECT_EQ(format_time_seconds(kMoment), "2026-01-15T10:20:30Z");
}

TEST(Time, OfHttpHeadersIsRfc1123) {
  EXPECT_EQ(format_http_time(kMoment), "Thu, 15 Jan 2026 10:20:30 GMT");
  EXPECT_EQ(format_http_time(TimePoint(sys_days(2024y / 12 / 1))), "Sun, 01 Dec 2024 00:00:00 GMT");
}

struct Reading {
  std::string_view text;
  TimePoint time;
};

class GoodTime : public testing::TestWithParam<Reading> {};

TEST_P(GoodTime, IsRead) {
  EXPECT_EQ(parse_time(GetParam().text), GetParam().time);
}

constexpr TimePoint at(std::chrono::year_month_day date) {
  return TimePoint(sys_days(date));
}

INSTANTIATE_TEST_SUITE_P(Texts, GoodTime,
                         testing::Values(Reading{"2026-01-15T10:20:30.1234560Z", kMoment},
                                         Reading{"2026-01-15T10:20:30.123456Z", kMoment},
                                         Reading{"2026-01-15T10:20:30.123456999Z", kMoment},
                                         Reading{"2026-01-15T10:20:30Z", kMoment - 123456us},
                                         Reading{"2026-01-15T10:20:30.5Z", kMoment + 376544us},
                                         Reading{"2024-02-29T00:00:00Z", at(2024y / 2 / 29)},
                                         Reading{"2000-02-29T00:00:00Z", at(2000y / 2 / 29)},
                                         Reading{"1970-01-01T00:00:00Z", TimePoint()},
                                         Reading{"0001-01-01T00:00:00Z", at(1y / 1 / 1)}));

class BadTime : public testing::TestWithParam<std::string_view> {};

TEST_P(BadTime, IsRefused) {
  EXPECT_EQ(parse_time(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, BadTime,
                         testing::Values("", "Z", "2026-01-15", "2026-01-15T10:20:30", "2026-01-15 10:20:30Z",
                                         "2026-01-15T10:20:30z", "2026-1-15T10:20:30Z", "2025-02-29T00:00:00Z",
                                         "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
                                         "2026-01-32T00:00:00Z", "2026-01-15T24:00:00Z", "2026-01-15T10:60:00Z",
                                         "2026-01-15T10:20:60Z", "2026-01-15T10:20:30.Z", "2026-01-15T10:20:30,5Z",
                                         "2026-01-15T10:20:30.1234567890Z", "2026-01-15T10:20:30.12a4Z",
                                         "2026-01-15T10:20:30+00:00", "-026-01-15T10:20:30Z", "2026-01-15T10-20-30Z"));

TEST(Time, SurvivesWritingAndReading) {
  for (TimePoint time = at(1999y / 12 / 31); time < at(2030y / 1 / 1); time += 86399s * 17 + 999983us) {
    ASSERT_EQ(parse_time(format_time(time)), time);
    ASSERT_EQ(from_micros(to_micros(time)), time);
  }
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(kMoment);
  EXPECT_EQ(clock.now(), kMoment);
  clock.advance(5s);
  EXPECT_EQ(clock.now(), kMoment + 5s);
  clock.set(TimePoint());
  EXPECT_EQ(clock.now(), TimePoint());
}

}  // namespace
}  // namespace muster
