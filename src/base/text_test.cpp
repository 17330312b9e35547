#include "base/text.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace muster {
namespace {

TEST(Text, ChangesTheCaseOfAsciiLettersOnly) {
  EXPECT_EQ(to_lower("AZaz09-._:[@`{\xc4"), "azaz09-._:[@`{\xc4");
  EXPECT_EQ(to_upper("AZaz09-._:[@`{\xe4"), "AZAZ09-._:[@`{\xe4");
}

TEST(Text, ComparesWithoutAsciiCase) {
  EXPECT_TRUE(equals_nocase("Line7-Unit", "lINE7-uNIT"));
  EXPECT_TRUE(equals_nocase("", ""));
  EXPECT_FALSE(equals_nocase("line7", "line7-"));
  EXPECT_FALSE(equals_nocase("[", "{"));
  EXPECT_FALSE(equals_nocase("\xc4", "\xe4"));
}

TEST(Text, FindsAPrefixWithoutCase) {
  EXPECT_TRUE(starts_with_nocase("HTTPS://hub", "https://"));
  EXPECT_TRUE(starts_with_nocase("x", ""));
  EXPECT_FALSE(starts_with_nocase("http", "https"));
}

TEST(Text, TrimsBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\na b\n "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("a"), "a");
}

TEST(Text, Utf8IsWellFormed) {  // RFC 3629
  for (const std::string_view good : {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80",
                                      "\xf4\x8f\xbf\xbf", "pumpe \xc3\xa4 7"}) {
    EXPECT_TRUE(is_utf8(good)) << hex_lower(as_bytes(good));
  }
  for (const std::string_view bad : {"\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf",
                                     "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << hex_lower(as_bytes(bad));
  }
}

}  // namespace
}  // namespace muster
