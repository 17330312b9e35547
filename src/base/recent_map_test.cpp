#include "base/recent_map.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(RecentMap, FindsReplacesAndErases) {
  RecentMap<int> map(4);
  EXPECT_EQ(map.find("a"), nullptr);
  map.put("a", 1);
  map.put("b", 2);
  EXPECT_EQ(*map.find("a"), 1);
  map.put("a", 3);
  EXPECT_EQ(*map.find("a"), 3);
  map.erase("a");
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_EQ(map.size(), 1U);
  map.erase("never there");
}

TEST(RecentMap, KeepsWhatWasUsedLatelyAndNoMoreThanTwiceTheCapacity) {
  RecentMap<int> map(10);
  for (int i = 0; i < 1000; ++i) {
    map.put(std::to_string(i), i);
    ASSERT_NE(map.find("0"), nullptr) << "used all the time";
    ASSERT_LE(map.size(), 20U);
  }
  for (int i = 991; i < 1000; ++i) EXPECT_EQ(*map.find(std::to_string(i)), i);
  EXPECT_EQ(map.find("500"), nullptr);
}

TEST(RecentMap, ErasesAndReplacesInTheOldGenerationToo) {
  RecentMap<int> map(2);
  map.put("a", 1);
  map.put("b", 2);
  map.put("c", 3);
  map.erase("a");
  EXPECT_EQ(map.find("a"), nullptr);
  map.put("b", 4);
  EXPECT_EQ(*map.find("b"), 4);
  EXPECT_EQ(map.size(), 2U);
}

}  // namespace
}  // namespace muster
