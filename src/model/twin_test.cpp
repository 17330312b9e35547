#include "model/twin.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace muster::model {
namespace {

using boost::json::object;

const TimePoint kStart = from_micros(1'767'323'045'678'000);  // 2026-01-02T03:04:05.678Z
const TimePoint kLater = kStart + std::chrono::seconds(1);

object parse(std::string_view text) {
  return boost::json::parse(text).get_object();
}

std::string text_of(const object& value) {
  return boost::json::serialize(value);
}

TwinProperties properties(std::string_view text) {
  return make_twin({}, parse(text), kStart).desired;
}

TEST(Twin, BeginsAtVersionOneWithMetadataOfEveryMember) {
  const Twin twin = make_twin(parse(R"({"site":"north"})"), parse(R"({"interval":30,"deep":{"on":true}})"), kStart);
  const std::string time = format_time(kStart);
  EXPECT_EQ(twin.version, 1);
  EXPECT_EQ(twin.desired.version, 1);
  EXPECT_EQ(twin.reported.version, 1);
  EXPECT_EQ(twin.desired.metadata.at("$lastUpdated").as_string(), time);
  EXPECT_EQ(twin.desired.metadata.at("interval").at("$lastUpdated").as_string(), time);
  EXPECT_EQ(twin.desired.metadata.at("deep").at("on").at("$lastUpdated").as_string(), time);
  EXPECT_EQ(text_of(twin.reported.metadata), R"({"$lastUpdated":")" + time + R"("})");
}

TEST(Twin, EtagIsTheVersionInEightOctets) {
  Twin twin;
  EXPECT_EQ(twin_etag(twin), "AAAAAAAAAAE=");
  twin.version = 258;
  EXPECT_EQ(twin_etag(twin), "AAAAAAAAAQI=");
}

TEST(Twin, APatchMergesRemovesAndReplaces) {
  TwinProperties twin = properties(R"({"keep":1,"drop":2,"deep":{"a":1,"b":2},"list":[1,2]})");
  merge_properties(twin, parse(R"({"drop":null,"deep":{"a":null,"c":3},"list":[9],"new":{"x":null,"y":1}})"), kLater);
  EXPECT_EQ(twin.values, parse(R"({"keep":1,"deep":{"b":2,"c":3},"list":[9],"new":{"y":1}})"));
  EXPECT_EQ(twin.version, 2);
}

TEST(Twin, MetadataTellWhatChangedWhen) {
  TwinProperties twin = properties(R"({"keep":1,"drop":2,"deep":{"a":1,"b":2}})");
  merge_properties(twin, parse(R"({"drop":null,"deep":{"b":3}})"), kLater);
  const auto time_of = [](const boost::json::value& node) { return node.at("$lastUpdated").as_string(); };
  EXPECT_EQ(twin.metadata.at("$lastUpdated").as_string(), format_time(kLater));
  EXPECT_EQ(time_of(twin.metadata.at("keep")), format_time(kStart));
  EXPECT_EQ(time_of(twin.metadata.at("deep")), format_time(kLater));
  EXPECT_EQ(time_of(twin.metadata.at("deep").at("a")), format_time(kStart));
  EXPECT_EQ(time_of(twin.metadata.at("deep").at("b")), format_time(kLater));
  EXPECT_FALSE(twin.metadata.contains("drop"));
}

TEST(Twin, AValueAndAnObjectReplaceEachOther) {
  TwinProperties twin = properties(R"({"a":1,"b":{"x":1}})");
  merge_properties(twin, parse(R"({"a":{"y":1},"b":2})"), kLater);
  EXPECT_EQ(twin.values, parse(R"({"a":{"y":1},"b":2})"));
  EXPECT_TRUE(twin.metadata.at("a").as_object().contains("y"));
  EXPECT_FALSE(twin.metadata.at("b").as_object().contains("x"));
}

TEST(Twin, ReplacingLeavesNothingBehind) {
  TwinProperties twin = properties(R"({"a":1})");
  replace_properties(twin, parse(R"({"b":2,"c":null})"), kLater);
  EXPECT_EQ(twin.values, parse(R"({"b":2})"));
  EXPECT_FALSE(twin.metadata.contains("a"));
  EXPECT_EQ(twin.version, 2);
}

TEST(Twin, TagsMergeWithoutMetadata) {
  object tags = parse(R"({"site":"north","line":{"no":7}})");
  merge_members(tags, parse(R"({"site":null,"line":{"shift":"late"}})"));
  EXPECT_EQ(tags, parse(R"({"line":{"no":7,"shift":"late"}})"));
}

TEST(Twin, GoesOverTheWireWithItsVersion) {
  const TwinProperties twin = properties(R"({"a":1})");
  EXPECT_EQ(text_of(properties_to_json(twin, false)), R"({"a":1,"$version":1})");
  EXPECT_TRUE(properties_to_json(twin, true).contains("$metadata"));
}

TEST(Twin, SurvivesWritingAndReading) {
  Twin twin = make_twin(parse(R"({"site":"ams"})"), parse(R"({"deep":{"list":[1,2.5,null]}})"), kStart);
  merge_properties(twin.reported, parse(R"({"firmware":"1.2"})"), kLater);
  twin.version = 7;
  std::string text;
  append_stored(text, twin);
  EXPECT_EQ(twin_from_stored_json(parse(text)), twin);
  for (const std::string_view member : {"tags", "desired", "reported", "version"}) {
    object damaged = parse(text);
    damaged.erase(member);
    EXPECT_EQ(twin_from_stored_json(damaged).error().code, ErrorCode::kInternal) << member;
  }
}

TEST(TwinLimits, WhatFitsPasses) {
  EXPECT_TRUE(check_twin_part({}, "tags", kMaxTags));
  EXPECT_TRUE(check_twin_part(parse(R"({"a":{"b":[1,"x",null,true,1.5]},"gone":null})"), "tags", kMaxTags));
  EXPECT_TRUE(check_twin_part(parse(R"({"n":4503599627370496,"m":-4503599627370496})"), "tags", kMaxTags));
}

TEST(TwinLimits, EachFaultIsNamed) {
  const auto fault_of = [](const object& values) {
    const auto checked = check_twin_part(values, "properties.desired", kMaxProperties);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_NE(fault_of(parse(R"({"a.b":1})")).find("\"a.b\""), std::string::npos);
  EXPECT_NE(fault_of(parse(R"({"$a":1})")).find("'$'"), std::string::npos);
  EXPECT_NE(fault_of(parse(R"({"a b":1})")).find("blanks"), std::string::npos);
  EXPECT_NE(fault_of(parse(R"({"":1})")).find("empty"), std::string::npos);
  EXPECT_NE(fault_of(parse(R"({"a":4503599627370497})")).find("2^52"), std::string::npos);
  EXPECT_NE(fault_of({{"a", std::string(5000, 'x')}}).find("4096"), std::string::npos);
  object deep{{"end", 1}};
  for (int i = 0; i < 10; ++i) deep = object{{"d", std::move(deep)}};
  EXPECT_NE(fault_of(deep).find("deeper than 10"), std::string::npos);
  object large;
  for (int i = 0; i < 10; ++i) large["m" + std::to_string(i)] = std::string(4000, 'x');
  EXPECT_NE(fault_of(large).find("32768 are allowed"), std::string::npos);
}

}  // namespace
}  // namespace muster::model
