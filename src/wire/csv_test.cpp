#include "wire/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Everything that a reader finds, one text for each record or fault: "line: cell|cell" or "line! fault".
std::vector<std::string> read_all(CsvReader& reader) {
  std::vector<std::string> out;
  while (true) {
    const auto found = reader.next();
    if (found && !*found) return out;
    std::string& text = out.emplace_back(std::to_string(reader.line()));
    if (!found) {
      text += "! " + found.error().message;
      continue;
    }
    for (const std::string& cell : reader.cells()) text += (&cell == reader.cells().data() ? ": " : "|") + cell;
  }
}

std::vector<std::string> read_all(std::string_view text, TextEnd end = TextEnd::kFinal) {
  CsvReader reader(text, 1, end);
  return read_all(reader);
}

TEST(Csv, ReadsRecordsWithEitherLineEnd) {
  EXPECT_THAT(read_all("a,b\r\nc,d\n,\ne"), ElementsAre("1: a|b", "2: c|d", "3: |", "4: e"));
  EXPECT_THAT(read_all(""), ElementsAre());
}

TEST(Csv, QuotedCellsHoldAnything) {  // RFC 4180 section 2, rules 5 to 7
  EXPECT_THAT(read_all("\"a,b\",\"say \"\"hi\"\"\",\"\"\r\n\"two\nlines\",x\nlast,1"),
              ElementsAre("1: a,b|say \"hi\"|", "2: two\nlines|x", "4: last|1"));
}

TEST(Csv, PassesOverAByteOrderMarkAndEmptyLines) {
  EXPECT_THAT(read_all("\xef\xbb\xbfid,x\n\n\r\n1,2\n\n"), ElementsAre("1: id|x", "4: 1|2"));
}

TEST(Csv, OneMalformedRecordCostsNoOther) {
  const auto found = read_all("a,b\nx\"y,1\n\"open\" shut,2\nlone\rreturn\nc,d\n\"never closed\nlast,line");
  ASSERT_EQ(found.size(), 7U);
  EXPECT_EQ(found[0], "1: a|b");
  EXPECT_THAT(found[1], HasSubstr("2! The record has a quote inside a cell"));
  EXPECT_THAT(found[2], HasSubstr("3! The record has text behind a closing quote"));
  EXPECT_THAT(found[3], HasSubstr("4! The record has a carriage return"));
  EXPECT_EQ(found[4], "5: c|d");
  EXPECT_THAT(found[5], HasSubstr("6! The record has a quote that is never closed"));
  EXPECT_EQ(found[6], "7: last|line");
}

TEST(Csv, TooManyCellsAreAFault) {
  const std::string most(CsvReader::kMaxCells - 1, ',');
  EXPECT_THAT(read_all(most), ElementsAre("1: " + std::string(CsvReader::kMaxCells - 1, '|')));
  EXPECT_THAT(read_all(most + ",\na"), ElementsAre("1! The record has too many cells.", "2: a"));
}

TEST(Csv, AnUnfinishedRecordWaitsForMore) {
  for (const std::string_view open : {"c,d", "c,\"d\"", "\"c\n", "c,d\r", "\"c\"\"", "\r", "x\"y"}) {
    const std::string text = "a,b\n" + std::string(open);
    CsvReader reader(text, 7, TextEnd::kMayGrow);
    EXPECT_THAT(read_all(reader), ElementsAre("7: a|b")) << open;
    EXPECT_EQ(reader.position(), 4U) << open;
    EXPECT_EQ(reader.next_line(), 8U) << open;
  }
}

TEST(Csv, AnyCutGivesTheSameRecords) {
  const std::string text = "\xef\xbb\xbfid,note\r\n1,\"a \"\"b\"\"\nc\"\r\n\r\nbad\"quote\n2,x\r\n\"3\",";
  const auto whole = read_all(text);
  for (std::size_t cut = 3; cut <= text.size(); ++cut) {
    CsvReader head(std::string_view(text).substr(0, cut), 1, TextEnd::kMayGrow);
    auto found = read_all(head);
    // What the first reader did not take begins a text of its own.
    CsvReader tail(std::string_view(text).substr(head.position()), head.next_line());
    std::ranges::move(read_all(tail), std::back_inserter(found));
    EXPECT_EQ(found, whole) << cut;
  }
}

TEST(Csv, WritesCellsThatComeBack) {
  const std::vector<std::string> cells{"plain", "", "a,b", "say \"hi\"", "two\r\nlines", " blank ", "=1+1", "\""};
  std::string text;
  for (const std::string& cell : cells) {
    if (!text.empty()) text.push_back(',');
    append_csv_cell(text, cell);
  }
  CsvReader reader(text);
  ASSERT_EQ(reader.next(), true);
  EXPECT_EQ(reader.cells(), cells);
  EXPECT_THAT(text, testing::StartsWith("plain,,\"a,b\","));
}

TEST(Csv, HostileTextsTakeLinearTime) {
  const std::string unit_texts[] = {"\"", "\"\n", "\"\"\n", "\"a\n", "\"\"\"\n", ",\"\n", "a\"\n", "\r", ","};
  for (const std::string& unit : unit_texts) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_GE(read_all(text).size(), 1U) << unit;
  }
}

}  // namespace
}  // namespace muster::wire
