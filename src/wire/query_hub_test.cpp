#include <gtest/gtest.h>

#include "wire/query.h"

namespace muster::wire {
namespace {

Query read(std::string_view text) {
  auto query = parse_query(text, QueryLanguage::kHub);
  EXPECT_TRUE(query) << text << ": " << query.error().message;
  return query ? *std::move(query) : Query{};
}

MemberTest test_of(std::string_view condition) {
  const Query query = read("SELECT * FROM devices WHERE " + std::string(condition));
  return query.where ? query.where->test : MemberTest{};
}

std::string fault(std::string_view text) {
  const auto query = parse_query(text, QueryLanguage::kHub);
  return query ? "accepted" : query.error().message;
}

TEST(HubQuery, SelectedMembersMayHaveOtherNames) {  // hub-api.md 1.7
  const Query query = read("SELECT deviceId, tags.site AS place FROM devices");
  EXPECT_EQ(query.select, (std::vector<SelectedMember>{{{"deviceId"}}, {{"tags", "site"}, "place"}}));
  EXPECT_EQ(query.from, MemberPath{"devices"});
  EXPECT_EQ(read("SELECT * FROM devices.jobs").from, (MemberPath{"devices", "jobs"}));
}

TEST(HubQuery, ACountStandsAlone) {
  const Query query = read("select count() as n from devices where tags.a = 1");
  EXPECT_EQ(query.count_as, "n");
  EXPECT_TRUE(query.select.empty());
  EXPECT_TRUE(query.where);
}

TEST(HubQuery, FunctionsAreReadInAnyCase) {
  EXPECT_EQ(test_of("is_defined(tags.a)"), (MemberTest{{"tags", "a"}, Comparison::kDefined, {}}));
  EXPECT_EQ(test_of("IS_DEFINED(a)"), (MemberTest{{"a"}, Comparison::kDefined, {}}));
  EXPECT_EQ(test_of("startswith(a, 'x')"), (MemberTest{{"a"}, Comparison::kStartsWith, {"x"}}));
  EXPECT_EQ(test_of("ENDSWITH(a, \"x\")"), (MemberTest{{"a"}, Comparison::kEndsWith, {"x"}}));
  EXPECT_EQ(test_of("is_defined = 1"), (MemberTest{{"is_defined"}, Comparison::kEqual, {std::int64_t{1}}}));
}

TEST(HubQuery, NinIsNotIn) {
  EXPECT_EQ(read("* WHERE a NIN [1, 'x']"), read("* WHERE a NOT IN [1, 'x']"));
  EXPECT_EQ(read("* WHERE NOT a nin (1)"), read("* WHERE NOT a NOT IN (1)"));
}

TEST(HubQuery, WhatIsWrongIsNamed) {
  EXPECT_EQ(fault("SELECT COUNT() FROM x"), "query column 16: expected AS, found 'FROM'.");
  EXPECT_EQ(fault("SELECT COUNT(a) AS n"), "query column 14: expected ')', found 'a'.");
  EXPECT_EQ(fault("SELECT COUNT() AS n, a"), "query column 20: expected FROM, WHERE, ORDER BY or the end, found ','.");
  EXPECT_EQ(fault("SELECT a, COUNT() AS n"),
            "query column 16: functions other than COUNT(), alone, are not available.");
  EXPECT_EQ(fault("SELECT SUM(a)"), "query column 11: functions other than COUNT(), alone, are not available.");
  EXPECT_EQ(fault("SELECT a AS 'b'"), "query column 13: expected a name, found ''b''.");
  EXPECT_EQ(fault("* WHERE LENGTH(a) = 1"),
            "query column 9: the functions are is_defined(), STARTSWITH() and ENDSWITH().");
  EXPECT_EQ(fault("* WHERE tags.is_defined(a)"),
            "query column 9: the functions are is_defined(), STARTSWITH() and ENDSWITH().");
  EXPECT_EQ(fault("* WHERE STARTSWITH(a)"), "query column 21: expected ',', found ')'.");
  EXPECT_EQ(fault("* WHERE STARTSWITH(a, 1)"), "query column 23: expected a text in quotes, found '1'.");
  EXPECT_EQ(fault("* WHERE is_defined(a, b)"), "query column 21: expected ')', found ','.");
  EXPECT_EQ(fault("* WHERE is_defined('a')"), "query column 20: expected a member, found ''a''.");
  EXPECT_EQ(fault("* WHERE a LIKE 'x'"),
            "query column 11: expected =, !=, <>, <, <=, >, >=, IN, NIN or NOT IN, found 'LIKE'.");
}

TEST(HubQuery, TheSourceMayStandInFrontOfMembers) {
  Query query = read("SELECT devices.jobs.deviceId FROM devices.jobs WHERE Devices.Jobs.jobId = 'j' AND devices = 1");
  drop_source(query);
  EXPECT_EQ(query.select, (std::vector<SelectedMember>{{{"deviceId"}}}));
  EXPECT_EQ(query.where, read("* WHERE jobId = 'j' AND devices = 1").where);
}

TEST(HubQuery, AJobNamesItsDevicesByAConditionAlone) {  // hub-api.md 7.1
  for (const char* text : {"*", " * ", "FROM devices"}) {
    const auto query = parse_job_condition(text);
    ASSERT_TRUE(query) << text << ": " << query.error().message;
    EXPECT_FALSE(query->where) << text;
  }
  const auto bare = parse_job_condition("tags.wave = 'w1'");
  const auto prefixed = parse_job_condition("FROM devices WHERE tags.wave = 'w1'");
  ASSERT_TRUE(bare && prefixed);
  EXPECT_EQ(bare->where, prefixed->where);
  EXPECT_EQ(prefixed->from, MemberPath{"devices"});
}

TEST(HubQuery, AJobTakesNoQuery) {
  const auto message = [](std::string_view text) {
    const auto query = parse_job_condition(text);
    return query ? "accepted" : query.error().message;
  };
  EXPECT_EQ(message("SELECT * FROM devices WHERE a = 1"),
            "query column 1: only the condition is written here, without SELECT.");
  EXPECT_EQ(message(""), "query column 1: expected a member, NOT or '(', found the end.");
  EXPECT_EQ(message("* WHERE a = 1"), "query column 3: expected the end, found 'WHERE'.");
  EXPECT_EQ(message("WHERE a = 1"), "query column 1: expected a member, NOT or '(', found 'WHERE'.");
  EXPECT_EQ(message("a = 1 ORDER BY a"), "query column 7: expected AND, OR or the end, found 'ORDER'.");
  EXPECT_EQ(message(std::string(9000, 'a')), "query: longer than 8192 octets.");
}

}  // namespace
}  // namespace muster::wire
