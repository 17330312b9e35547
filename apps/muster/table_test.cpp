#include "muster/table.h"

#include <gtest/gtest.h>

#include "model/json.h"

namespace muster::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestTextAndLinesHaveNoTrailingBlanks) {
  EXPECT_EQ(format_table({"ID", "HUB"}, {{"pump-0042", "hub-a"}, {"x", ""}}),
            "ID         HUB\n"
            "---------  -----\n"
            "pump-0042  hub-a\n"
            "x\n");
}

TEST(Table, AnEmptyListShowsItsHeader) {
  EXPECT_EQ(format_list({{"ID", {"id"}}}, {}), "ID\n--\n");
}

TEST(Table, ControlCharactersOfAPeerDoNotReachTheTerminal) {
  EXPECT_EQ(format_table({"ID"}, {{"a\x1b[2J\nb"}}), "ID\n-------\na?[2J?b\n");
}

TEST(Table, CellsComeFromNestedMembersAndListsAreJoined) {
  const auto items = model::parse_json(R"([{"a":{"b":true},"hubs":["h1","h2"],"n":null},{"a":7}])");
  ASSERT_TRUE(items);
  EXPECT_EQ(format_list({{"B", {"a", "b"}}, {"HUBS", {"hubs"}}, {"N", {"n"}}}, items->get_array()),
            "B     HUBS   N\n"
            "----  -----  -\n"
            "true  h1 h2\n"
            "\n");
}

TEST(Table, AnObjectIsShownLineByLine) {
  const auto value = model::parse_json(R"({"id":"x","twin":{"tags":{"line":7}},"empty":{}})");
  ASSERT_TRUE(value);
  EXPECT_EQ(format_object(value->get_object()), "id              x\ntwin.tags.line  7\nempty           {}\n");
}

TEST(PrettyJson, KeepsTheOrderAndEscapes) {
  const auto value = model::parse_json(R"({"z":[1,{"k":"a\"\n"}],"a":{},"e":[],"t":1.5})");
  ASSERT_TRUE(value);
  const std::string text = pretty_json(*value);
  EXPECT_TRUE(text.starts_with("{\n  \"z\": [\n    1,\n    {\n      \"k\": \"a\\\"\\n\"\n    }\n  ],\n  \"a\": {},\n"))
      << text;
  EXPECT_EQ(model::parse_json(text).value(), *value);
}

}  // namespace
}  // namespace muster::cli
