#include "muster/import_source.h"

#include <sstream>

#include <gmock/gmock.h>

namespace muster::cli {
namespace {

using model::TransferFormat;
using testing::ElementsAre;
using testing::HasSubstr;

/// All parts of a text.
std::vector<ImportChunk> chunks_of(const std::string& text, TransferFormat format, ImportSource::Limits limits) {
  std::istringstream in(text);
  auto source = ImportSource::open(in, format, limits);
  EXPECT_TRUE(source);
  std::vector<ImportChunk> out;
  while (true) {
    auto chunk = source->next();
    EXPECT_TRUE(chunk);
    if (!*chunk) return out;
    out.push_back(**std::move(chunk));
  }
}

std::vector<std::string> bodies_of(const std::vector<ImportChunk>& chunks) {
  std::vector<std::string> out;
  out.reserve(chunks.size());
  for (const ImportChunk& chunk : chunks) out.push_back(chunk.body);
  return out;
}

TEST(ImportSource, CutsBetweenLinesAndTellsWhereEachPartBegins) {
  const auto chunks = chunks_of("{1}\n{2}\r\n\n{3}\n{4}", TransferFormat::kNdjson, {.octets = 100, .records = 2});
  EXPECT_THAT(bodies_of(chunks), ElementsAre("{1}\n{2}\r\n", "\n{3}\n{4}"));
  EXPECT_EQ(chunks[0].first_line, 1U);
  EXPECT_EQ(chunks[1].first_line, 3U) << "the blank line is one";
  EXPECT_EQ(chunks[0].records, 2U);
  EXPECT_EQ(chunks[1].index, 1U);
  EXPECT_EQ(chunks[0].end, (ImportPosition{.offset = 9, .line = 3}));
  EXPECT_EQ(chunks[1].end.offset, 17U);
}

TEST(ImportSource, APartIsNoLongerThanARequestMayBe) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::string(static_cast<std::size_t>(i % 90), 'x') + "y\n";
  std::string joined;
  std::size_t records = 0;
  for (const ImportChunk& chunk : chunks_of(text, TransferFormat::kNdjson, {.octets = 100, .records = 5000})) {
    EXPECT_LE(chunk.body.size(), 100U);
    EXPECT_TRUE(chunk.too_long.empty());
    joined += chunk.body;
    records += chunk.records;
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(records, 1000U);
}

TEST(ImportSource, EveryPartOfATableHasItsHeader) {
  const auto chunks = chunks_of("registrationId,tags\r\na,\"1\r\n2\"\nb,\n", TransferFormat::kCsv, {.records = 1});
  EXPECT_THAT(bodies_of(chunks), ElementsAre("registrationId,tags\r\na,\"1\r\n2\"\n", "registrationId,tags\r\nb,\n"));
  EXPECT_EQ(chunks[0].first_line, 2U);
  EXPECT_EQ(chunks[1].first_line, 4U) << "a quoted line end is a line";
}

TEST(ImportSource, ARecordThatNoRequestCarriesCostsNoOther) {
  const std::string text = "{1}\n" + std::string(500, 'x') + "\n{2}\n";
  const auto chunks = chunks_of(text, TransferFormat::kNdjson, {.octets = 50});
  std::vector<std::size_t> too_long;
  std::string joined;
  for (const ImportChunk& chunk : chunks) {
    too_long.insert(too_long.end(), chunk.too_long.begin(), chunk.too_long.end());
    joined += chunk.body;
  }
  EXPECT_THAT(too_long, ElementsAre(2));
  EXPECT_EQ(joined, "{1}\n{2}\n");
  EXPECT_EQ(chunks.back().end, (ImportPosition{.offset = text.size(), .line = 4}));
}

TEST(ImportSource, AQuoteThatIsNeverClosedCostsNoOther) {
  std::string text = "registrationId\n\"a\n";
  for (int i = 0; i < 40; ++i) text += "unit-" + std::to_string(i) + "\n";
  std::size_t records = 0;
  std::vector<std::size_t> too_long;
  for (const ImportChunk& chunk : chunks_of(text, TransferFormat::kCsv, {.octets = 64})) {
    records += chunk.records;
    too_long.insert(too_long.end(), chunk.too_long.begin(), chunk.too_long.end());
  }
  EXPECT_THAT(too_long, ElementsAre(2));
  EXPECT_EQ(records, 40U);
}

TEST(ImportSource, NothingIsNoPart) {
  EXPECT_TRUE(chunks_of("", TransferFormat::kNdjson, {}).empty());
  EXPECT_TRUE(chunks_of("\n \n\r\n", TransferFormat::kNdjson, {}).empty());
  EXPECT_TRUE(chunks_of("registrationId\n", TransferFormat::kCsv, {}).empty());
}

TEST(ImportSource, ATableNeedsAHeader) {
  for (const char* text : {"", "\n\n", "\"registrationId\n", "a\"b\n"}) {
    std::istringstream in(text);
    const auto source = ImportSource::open(in, TransferFormat::kCsv, {});
    ASSERT_FALSE(source) << text;
    EXPECT_THAT(source.error().message, HasSubstr("header")) << text;
  }
}

TEST(ImportSource, GoesOnWhereAnEarlierRunStopped) {
  const std::string text = "registrationId\na\nb\nc\n";
  const auto first = chunks_of(text, TransferFormat::kCsv, {.records = 1});
  std::istringstream in(text);
  auto source = ImportSource::open(in, TransferFormat::kCsv, {});
  ASSERT_TRUE(source->skip_to(first[0].end));
  const auto rest = source->next();
  ASSERT_TRUE(rest && *rest);
  EXPECT_EQ((*rest)->body, "registrationId\nb\nc\n");
  EXPECT_EQ((*rest)->first_line, 3U);
  EXPECT_FALSE(source->skip_to({.offset = text.size() + 1, .line = 9})) << "the file was cut";
}

}  // namespace
}  // namespace muster::cli
