#include "model/json.h"

#include <gmock/gmock.h>

namespace muster::model {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::StartsWith;

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(ParseJson, ReadsAnyValue) {
  EXPECT_TRUE(parse_json(" {\"a\":[1,-2.5,null,true,\"\\u00e4\"]} \n"));
  EXPECT_EQ(*parse_json("\"a\\/b\""), boost::json::value("a/b"));
  EXPECT_EQ(*parse_json("7"), boost::json::value(7));
}

TEST(ParseJson, TakesTheLastOfRepeatedMembers) {
  EXPECT_EQ(parse_json_object(R"({"a":1,"a":2})")->at("a"), boost::json::value(2));
}

TEST(ParseJson, AllowsNestingUpToTheLimit) {
  EXPECT_TRUE(parse_json(nested(static_cast<int>(kMaxJsonDepth))));
  EXPECT_FALSE(parse_json(nested(static_cast<int>(kMaxJsonDepth) + 1)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

class BadJson : public testing::TestWithParam<std::string_view> {};

TEST_P(BadJson, IsRefusedWithThePosition) {
  const auto value = parse_json(GetParam());
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(value.error().message, HasSubstr(" at offset "));
}

INSTANTIATE_TEST_SUITE_P(Texts, BadJson,
                         testing::Values("", " ", "{", "}", "{a:1}", "{\"a\":1,}", "[1,]", "{\"a\" 1}", "nul", "tru",
                                         "01", "+1", ".5", "'a'", "\"a", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\xff\"",
                                         "\xef\xbb\xbf{}", "{} {}", "1 2", "/**/1", "{}\0"sv, "NaN"));

TEST(ParseJson, TellsWhereTheTextIsWrong) {
  EXPECT_THAT(parse_json("{\"a\":1,}").error().message, HasSubstr("at offset 7."));
}

TEST(ParseJsonObject, RefusesOtherValues) {
  for (std::string_view text : {"[]", "null", "1", "\"{}\""}) {
    EXPECT_EQ(parse_json_object(text).error(), (Error{ErrorCode::kInvalidArgument, "The body must be a JSON object."}));
  }
}

class Members : public testing::Test {
 protected:
  const boost::json::object object_ = *parse_json_object(
      R"({"null":null,"text":"x","flag":false,"int":-5,"big":18446744073709551615,"real":1.5,"object":{"a":1},"array":[1]})");
};

TEST_F(Members, OfTheRightTypeAreGiven) {
  EXPECT_EQ(*optional_string(object_, "text"), "x");
  EXPECT_EQ(*required_string(object_, "text"), "x");
  EXPECT_EQ(*optional_bool(object_, "flag"), false);
  EXPECT_EQ(*optional_int(object_, "int"), -5);
  EXPECT_EQ((*optional_object(object_, "object"))->size(), 1U);
  EXPECT_EQ((*optional_array(object_, "array"))->size(), 1U);
}

TEST_F(Members, CountAsAbsentWhenNull) {  // service-api.md 0
  for (std::string_view member : {"null", "absent"}) {
    EXPECT_EQ(*optional_string(object_, member), std::nullopt);
    EXPECT_EQ(*optional_bool(object_, member), std::nullopt);
    EXPECT_EQ(*optional_int(object_, member), std::nullopt);
    EXPECT_EQ(*optional_object(object_, member), nullptr);
    EXPECT_EQ(*optional_array(object_, member), nullptr);
    EXPECT_EQ(required_string(object_, member).error().message, std::string(member) + ": is required");
  }
}

TEST_F(Members, OfAnotherTypeAreRefusedByName) {
  EXPECT_THAT(optional_string(object_, "int").error().message, StartsWith("int: "));
  EXPECT_THAT(required_string(object_, "flag").error().message, StartsWith("flag: "));
  EXPECT_THAT(optional_bool(object_, "text").error().message, StartsWith("text: "));
  EXPECT_THAT(optional_int(object_, "real").error().message, StartsWith("real: "));
  EXPECT_THAT(optional_int(object_, "big").error().message, StartsWith("big: "));
  EXPECT_THAT(optional_object(object_, "array").error().message, StartsWith("array: "));
  EXPECT_THAT(optional_array(object_, "object").error().message, StartsWith("object: "));
}

}  // namespace
}  // namespace muster::model
