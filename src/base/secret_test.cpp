#include "base/secret.h"

#include <type_traits>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(SecretBytes, ComparesByContent) {
  const SecretBytes key(Bytes{1, 2, 3});
  EXPECT_EQ(key, SecretBytes(Bytes{1, 2, 3}));
  EXPECT_NE(key, SecretBytes(Bytes{1, 2, 4}));
  EXPECT_NE(key, SecretBytes(Bytes{1, 2}));
  EXPECT_EQ(SecretBytes(), SecretBytes());
}

TEST(SecretBytes, TakesOverTheOctetsItIsMadeFrom) {
  Bytes octets{1, 2, 3};
  const SecretBytes key(std::move(octets));
  EXPECT_TRUE(octets.empty());  // NOLINT(bugprone-use-after-move): what is left behind is the point
  EXPECT_EQ(key.size(), 3U);
}

TEST(SecretBytes, LeavesNothingInWhatItWasMovedFrom) {
  SecretBytes from(Bytes{1, 2, 3});
  SecretBytes to(std::move(from));
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  from = std::move(to);
  EXPECT_TRUE(to.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(from, SecretBytes(Bytes{1, 2, 3}));
}

TEST(SecretBytes, SurvivesBeingAssignedToItself) {
  SecretBytes key(Bytes{1, 2, 3});
  const SecretBytes& same = key;
  key = same;
  EXPECT_EQ(key, SecretBytes(Bytes{1, 2, 3}));
}

TEST(SecretBytes, CannotBeFormatted) {
  EXPECT_FALSE(fmt::is_formattable<SecretBytes>::value);
}

TEST(Wipe, EmptiesAText) {
  std::string text = "key";
  wipe(text);
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace muster
