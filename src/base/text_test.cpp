#include "base/text.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace muster
