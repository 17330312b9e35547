#include "wire/mqtt/topic.h"

#include <string>

#include <gtest/gtest.h>

namespace muster::wire::mqtt {
namespace {

TEST(MqttTopic, NamesHaveNoWildcards) {
  for (const char* name : {"a", "/", "a/b", "/a", "a/", "a//b", "$dps/registrations/res/#x"}) {
    const bool good = std::string_view(name).find('#') == std::string_view::npos;
    EXPECT_EQ(is_topic_name(name), good) << name;
  }
  EXPECT_FALSE(is_topic_name(""));
  EXPECT_FALSE(is_topic_name("a/+"));
  EXPECT_FALSE(is_topic_name(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_topic_name("\xC0\x80"));
  EXPECT_TRUE(is_topic_name(std::string(65'535, 'a')));
  EXPECT_FALSE(is_topic_name(std::string(65'536, 'a')));
}

TEST(MqttTopic, WildcardsAreWholeLevels) {
  for (const char* good : {"#", "+", "a/#", "a/+/b", "+/+", "/+", "+/", "a/+/#", "$dps/registrations/res/#"}) {
    EXPECT_TRUE(is_topic_filter(good)) << good;
  }
  for (const char* bad : {"", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+", "a/##", "++"}) {
    EXPECT_FALSE(is_topic_filter(bad)) << bad;
  }
}

TEST(MqttTopic, FiltersMatchAsTheStandardSays) {
  struct Case {
    const char* filter;
    const char* topic;
    bool expected;
  };
  for (const auto& [filter, topic, expected] :
       {Case{"a/b", "a/b", true}, {"a/b", "a/c", false},    {"a/b", "a", false},        {"a", "a/b", false},
        {"A", "a", false},        {"#", "a", true},         {"#", "/a/b", true},        {"a/#", "a", true},
        {"a/#", "a/b/c", true},   {"a/#", "ab", false},     {"+", "a", true},           {"+", "a/b", false},
        {"+/+", "/a", true},      {"/+", "/a", true},       {"+", "/a", false},         {"a/+", "a/", true},
        {"a/+", "a", false},      {"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false},  {"+/#", "a", true},
        {"#", "$SYS/x", false},   {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true}, {"$SYS/+", "$SYS/x", true}}) {
    EXPECT_EQ(matches(filter, topic), expected) << filter << " " << topic;
  }
}

}  // namespace
}  // namespace muster::wire::mqtt
