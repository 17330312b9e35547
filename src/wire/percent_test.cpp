#include "wire/percent.h"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using namespace std::string_view_literals;

TEST(Percent, LeavesUnreservedCharactersAlone) {  // RFC 3986 section 2.3
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
}

TEST(Percent, EscapesAllElseInUpperCase) {
  EXPECT_EQ(percent_encode("0ne/registrations/dev:1"), "0ne%2Fregistrations%2Fdev%3A1");
  EXPECT_EQ(percent_encode("a+b= %\xc3\xa4\0"sv), "a%2Bb%3D%20%25%C3%A4%00");
}

TEST(Percent, DecodesEitherCaseOnceAndKeepsPlus) {
  EXPECT_EQ(percent_decode("%2f%2F+%252f"), "//+%2f");
  EXPECT_EQ(percent_decode(""), "");
}

class BrokenEscape : public testing::TestWithParam<std::string_view> {};

TEST_P(BrokenEscape, IsRefused) {
  EXPECT_EQ(percent_decode(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, BrokenEscape, testing::Values("%", "a%", "%2", "%2g", "%g2", "%%20", "% 2", "%2\0"sv));

TEST(Percent, DecodesWhatItEncoded) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all.push_back(static_cast<char>(octet));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

}  // namespace
}  // namespace muster::wire
