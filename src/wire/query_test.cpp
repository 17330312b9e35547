#include "wire/query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::IsEmpty;

/// Conditions in one fixed spelling, so that tests can show what was understood.
std::string show(const QueryValue& value) {
  struct Show {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}f", number); }
    std::string operator()(const std::string& text) const { return fmt::format("<{}>", text); }
  };
  return std::visit(Show{}, value);
}

std::string show(const MemberPath& path) {
  return fmt::format("{}", fmt::join(path, "/"));
}

std::string show(const Condition& condition) {
  constexpr std::string_view kSigns[] = {"=", "!=", "<", "<=", ">", ">=", "in"};
  std::vector<std::string> parts;
  switch (condition.kind) {
    case Condition::Kind::kTest:
      for (const auto& value : condition.test.values) parts.push_back(show(value));
      return fmt::format("{}{}{}", show(condition.test.member),
                         kSigns[static_cast<std::size_t>(condition.test.comparison)], fmt::join(parts, ","));
    case Condition::Kind::kNot:
      return fmt::format("!({})", show(condition.operands.at(0)));
    default:
      for (const auto& operand : condition.operands) parts.push_back(show(operand));
      return fmt::format("({})", fmt::join(parts, condition.kind == Condition::Kind::kAll ? " & " : " | "));
  }
}

std::string where(std::string_view condition) {
  const auto query = parse_query("SELECT * WHERE " + std::string(condition));
  if (!query) return query.error().message;
  return query->where ? show(*query->where) : "nothing";
}

std::string fault(std::string_view text) {
  const auto query = parse_query(text);
  if (query) return "accepted";
  EXPECT_EQ(query.error().code, ErrorCode::kInvalidArgument);
  return query.error().message;
}

TEST(Query, TextsOfOfficialClientsSelectEverything) {  // service-api.md 6
  for (const char* text : {"*", "SELECT *", "select * from enrollments", "SELECT * FROM enrollmentGroups",
                           "select * from deviceRegistrations", " \t\r\nSELECT\n*\n", "FROM enrollments"}) {
    const auto query = parse_query(text);
    ASSERT_TRUE(query) << text << ": " << query.error().message;
    EXPECT_TRUE(query->select.empty() && query->order.empty() && !query->where) << text;
  }
}

TEST(Query, MembersMayBeSelected) {
  const auto query = parse_query("SELECT registrationId, attestation.type,initialTwin.tags.from FROM x");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->select, (std::vector<SelectedMember>{
                               {{"registrationId"}}, {{"attestation", "type"}}, {{"initialTwin", "tags", "from"}}}));
  EXPECT_EQ(query->from, MemberPath{"x"});
}

TEST(Query, ComparisonsAreRead) {
  EXPECT_EQ(where("a='x'"), "a=<x>");
  EXPECT_EQ(where("a != \"x\""), "a!=<x>");
  EXPECT_EQ(where("a<>`x`"), "a!=<x>");
  EXPECT_EQ(where("a < 1"), "a<1");
  EXPECT_EQ(where("a<=-1"), "a<=-1");
  EXPECT_EQ(where("a > 1.5e1"), "a>15f");
  EXPECT_EQ(where("a >= 9223372036854775808"), "a>=9.223372036854776e+18f");
  EXPECT_EQ(where("a = 9223372036854775807"), "a=9223372036854775807");
  EXPECT_EQ(where("a = TRUE or a = False"), "(a=true | a=false)");
  EXPECT_EQ(where("a = Null"), "a=null");
  EXPECT_EQ(where("attestation . type = 'x509'"), "attestation/type=<x509>");
  EXPECT_EQ(where("tags.site-name = 1"), "tags/site-name=1");
  EXPECT_EQ(where("tags.stra\xC3\x9F"
                  "e = 1"),
            "tags/stra\xC3\x9F"
            "e=1");
}

TEST(Query, ListsStandInEitherBrackets) {
  EXPECT_EQ(where("a IN ('x', 2, null)"), "ain<x>,2,null");
  EXPECT_EQ(where("a in [true]"), "aintrue");
  EXPECT_EQ(where("a NOT IN ['x']"), "!(ain<x>)");
}

TEST(Query, OperatorsBindAsInSql) {
  EXPECT_EQ(where("a=1 OR b=2 AND c=3"), "(a=1 | (b=2 & c=3))");
  EXPECT_EQ(where("(a=1 OR b=2) AND c=3"), "((a=1 | b=2) & c=3)");
  EXPECT_EQ(where("NOT a=1 AND b=2"), "(!(a=1) & b=2)");
  EXPECT_EQ(where("NOT (a=1 AND b=2)"), "!((a=1 & b=2))");
  EXPECT_EQ(where("not not a=1"), "!(!(a=1))");
  EXPECT_EQ(where("a=1 AND b=2 AND c=3"), "(a=1 & b=2 & c=3)");
  EXPECT_EQ(where("((((a=1))))"), "a=1");
}

TEST(Query, QuotesAreDoubledOrEscaped) {
  EXPECT_EQ(where("a=''"), "a=<>");
  EXPECT_EQ(where("a=''''"), "a=<'>");
  EXPECT_EQ(where("a='it''s'"), "a=<it's>");
  EXPECT_EQ(where(R"(a='it\'s')"), "a=<it's>");
  EXPECT_EQ(where(R"(a="\\ \" \` ""'`")"), R"(a=<\ " ` "'`>)");
  EXPECT_EQ(where("a=`x``y'\"`"), "a=<x`y'\">");
  EXPECT_EQ(where("a='AND (' AND b=1"), "(a=<AND (> & b=1)");
}

TEST(Query, OrderIsRead) {
  const auto query = parse_query("* ORDER BY a.b DESC, c ASC, d");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->order, (std::vector<OrderTerm>{{{"a", "b"}, Direction::kDescending, 12},
                                                  {{"c"}, Direction::kAscending, 22},
                                                  {{"d"}, Direction::kAscending, 29}}));
}

struct Malformed {
  std::string text;
  std::string fault;
};

class MalformedQuery : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedQuery, IsRefusedWithItsColumn) {
  EXPECT_EQ(fault(GetParam().text), GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MalformedQuery,
    testing::Values(
        Malformed{"", "query column 1: expected SELECT * or another query, found the end."},
        Malformed{"  \t", "query column 4: expected SELECT * or another query, found the end."},
        Malformed{"DROP TABLE enrollments", "query column 1: expected FROM, WHERE, ORDER BY or the end, found 'DROP'."},
        Malformed{"SELECT", "query column 7: expected * or a member, found the end."},
        Malformed{"SELECT FROM x", "query column 8: expected * or a member, found 'FROM'."},
        Malformed{"SELECT a,", "query column 10: expected * or a member, found the end."},
        Malformed{"SELECT a.", "query column 10: expected a name, found the end."},
        Malformed{"SELECT COUNT() FROM x", "query column 13: functions such as COUNT() are not available."},
        Malformed{"SELECT a AS b", "query column 10: expected FROM, WHERE, ORDER BY or the end, found 'AS'."},
        Malformed{"* WHERE a NIN (1)", "query column 11: expected =, !=, <>, <, <=, >, >=, IN or NOT IN, found 'NIN'."},
        Malformed{"* WHERE is_defined(a)",
                  "query column 19: expected =, !=, <>, <, <=, >, >=, IN or NOT IN, found '('."},
        Malformed{"SELECT TOP 5 *", "query column 12: expected FROM, WHERE, ORDER BY or the end, found '5'."},
        Malformed{"SELECT * FROM", "query column 14: expected a name, found the end."},
        Malformed{"SELECT * FROM x y", "query column 17: expected FROM, WHERE, ORDER BY or the end, found 'y'."},
        Malformed{"SELECT * WHERE", "query column 15: expected a member, NOT or '(', found the end."},
        Malformed{"* WHERE a", "query column 10: expected =, !=, <>, <, <=, >, >=, IN or NOT IN, found the end."},
        Malformed{"* WHERE a LIKE 'x'",
                  "query column 11: expected =, !=, <>, <, <=, >, >=, IN or NOT IN, found 'LIKE'."},
        Malformed{"* WHERE a == 1",
                  "query column 12: expected a text in quotes, a number, true, false or null, found '='."},
        Malformed{"* WHERE a = b",
                  "query column 13: expected a text in quotes, a number, true, false or null, found 'b'."},
        Malformed{"* WHERE a = ",
                  "query column 13: expected a text in quotes, a number, true, false or null, found the end."},
        Malformed{"* WHERE 'x' = a", "query column 9: expected a member, NOT or '(', found ''x''."},
        Malformed{"* WHERE AND = 1", "query column 9: expected a member, NOT or '(', found 'AND'."},
        Malformed{"* WHERE a = 1 b", "query column 15: expected AND, OR, ORDER BY or the end, found 'b'."},
        Malformed{"* WHERE a = 1 AND", "query column 18: expected a member, NOT or '(', found the end."},
        Malformed{"* WHERE (a = 1", "query column 15: expected ')', found the end."},
        Malformed{"* WHERE a = 1)", "query column 14: expected AND, OR, ORDER BY or the end, found ')'."},
        Malformed{"* WHERE a IN 1", "query column 14: expected '(' or '[', found '1'."},
        Malformed{"* WHERE a IN ()",
                  "query column 15: expected a text in quotes, a number, true, false or null, found ')'."},
        Malformed{"* WHERE a IN (1]", "query column 16: expected ')', found ']'."},
        Malformed{"* WHERE a NOT = 1", "query column 15: expected IN, found '='."},
        Malformed{"* WHERE a = 'x", "query column 13: a text without its closing quote."},
        Malformed{"* WHERE a = 'x\\'", "query column 13: a text without its closing quote."},
        Malformed{"* WHERE a = 'x\\n'", "query column 15: an escape other than \\\\ and \\ before a quote."},
        Malformed{"* WHERE a = 12x", "query column 13: no number."},
        Malformed{"* WHERE a = 1e999", "query column 13: a number out of range."},
        Malformed{"* WHERE a = -x", "query column 13: a character without meaning here."},
        Malformed{"* WHERE a = 1;", "query column 14: a character without meaning here."},
        Malformed{"* WHERE a! = 1", "query column 10: a character without meaning here."},
        Malformed{"* WHERE a = 1\0"s, "query column 14: a character without meaning here."},
        Malformed{"* GROUP BY a", "query column 3: GROUP BY is not available."},
        Malformed{"* WHERE a = 1 GROUP BY a", "query column 15: GROUP BY is not available."},
        Malformed{"* ORDER a", "query column 9: expected BY, found 'a'."},
        Malformed{"* ORDER BY", "query column 11: expected a member, found the end."},
        Malformed{"* ORDER BY a b", "query column 14: expected ASC, DESC, a comma or the end, found 'b'."},
        Malformed{"* WHERE a = '\xC3\xA4\xC3\xB6' b",
                  "query column 18: expected AND, OR, ORDER BY or the end, found 'b'."},
        Malformed{"* WHERE a = " + std::string(31, 'b') + "\xC3\xA4\xC3\xA4",
                  "query column 13: expected a text in quotes, a number, true, false or null, found '" +
                      std::string(31, 'b') + "'."}));

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST(Query, DepthIsBounded) {
  const std::string open = repeated("(", kMaxQueryDepth - 1);
  const std::string closed = repeated(")", kMaxQueryDepth - 1);
  EXPECT_EQ(where(open + "a=1" + closed), "a=1");
  EXPECT_THAT(where("(" + open + "a=1" + closed + ")"), HasSubstr("more than 32 parentheses"));
  EXPECT_THAT(where(repeated("NOT ", 2000) + "a=1"), HasSubstr("more than 32 parentheses"));
  EXPECT_THAT(where(repeated("(", 8000)), HasSubstr("more than 32 parentheses"));
}

TEST(Query, TermsAreBounded) {
  EXPECT_EQ(fault("* WHERE a IN (" + repeated("1,", kMaxQueryTerms - 2) + "1)"), "accepted");
  EXPECT_THAT(fault("* WHERE a IN (" + repeated("1,", kMaxQueryTerms - 1) + "1)"), HasSubstr("more than 256 members"));
  EXPECT_THAT(fault("* WHERE " + repeated("a=1 OR ", 1000) + "a=1"), HasSubstr("more than 256 members"));
  EXPECT_THAT(fault("SELECT " + repeated("a,", 3000) + "a"), HasSubstr("more than 256 members"));
  EXPECT_THAT(fault("* ORDER BY " + repeated("a,", 3000) + "a"), HasSubstr("more than 256 members"));
}

TEST(Query, LengthIsBounded) {
  const std::string text = "* WHERE a = '";
  EXPECT_EQ(fault(text + std::string(kMaxQueryLength - text.size() - 1, 'x') + "'"), "accepted");
  EXPECT_EQ(fault(text + std::string(kMaxQueryLength - text.size(), 'x') + "'"), "query: longer than 8192 octets.");
}

TEST(Query, PrintedObjectsAreUnwrapped) {  // real-clients.md rule 12
  EXPECT_EQ(unwrap_printed_query("{'additional_properties': {}, 'query': 'SELECT *'}"), "SELECT *");
  EXPECT_EQ(unwrap_printed_query(R"({'query': "SELECT * WHERE a = 'x'"})"), "SELECT * WHERE a = 'x'");
  EXPECT_EQ(unwrap_printed_query(R"({'query': 'a = \'x\' OR a = "\\"\n'})"), R"(a = 'x' OR a = "\" )");
  for (const char* text : {"SELECT *", "", "{", "{'query': 'x", "{'query': 5}", "SELECT 'query': 'x'"}) {
    EXPECT_EQ(unwrap_printed_query(text), text);
  }
}

}  // namespace
}  // namespace muster::wire
