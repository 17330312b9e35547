#include "wire/lines.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> read_all(LineReader& reader) {
  std::vector<std::string> out;
  while (const auto line = reader.next()) out.push_back(std::to_string(reader.line()) + ": " + std::string(*line));
  return out;
}

std::vector<std::string> read_all(std::string_view text) {
  LineReader reader(text);
  return read_all(reader);
}

TEST(Lines, AreCountedWithTheirBlankNeighbours) {
  EXPECT_THAT(read_all("a\r\n\n \t\r\nb\nc"), ElementsAre("1: a", "4: b", "5: c"));
  EXPECT_THAT(read_all("\xef\xbb\xbf{}\n"), ElementsAre("1: {}"));
}

TEST(Lines, ThereAreNoneInATextOfLineEnds) {
  for (const std::string_view text : {"", "\n", "\r\n\r\n", "\xef\xbb\xbf", "  "})
    EXPECT_THAT(read_all(text), IsEmpty());
}

TEST(Lines, AnUnfinishedOneWaitsForMore) {
  LineReader reader("a\nb", 11, TextEnd::kMayGrow);
  EXPECT_THAT(read_all(reader), ElementsAre("11: a"));
  EXPECT_EQ(reader.position(), 2U);
  EXPECT_EQ(reader.next_line(), 12U);
}

TEST(Lines, AnyCutGivesTheSameLines) {
  const std::string text = "\xef\xbb\xbf{\"a\":1}\r\n\n  \n{}\nlast";
  const auto whole = read_all(text);
  for (std::size_t cut = kByteOrderMark.size(); cut <= text.size(); ++cut) {
    LineReader head(std::string_view(text).substr(0, cut), 1, TextEnd::kMayGrow);
    auto found = read_all(head);
    LineReader tail(std::string_view(text).substr(head.position()), head.next_line());
    for (std::string& line : read_all(tail)) found.push_back(std::move(line));
    EXPECT_EQ(found, whole) << cut;
  }
}

}  // namespace
}  // namespace muster::wire
