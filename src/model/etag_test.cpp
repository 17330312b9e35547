#include "model/etag.h"

#include <gmock/gmock.h>

namespace muster::model {
namespace {

TEST(Etag, HasAzuresForm) {  // service-api.md 3.4
  SequenceRandom random;
  for (int i = 0; i < 100; ++i) {
    const std::string etag = make_etag(random);
    ASSERT_EQ(etag.size(), 52U);
    EXPECT_TRUE(etag.starts_with('I') && etag.ends_with("MCI="));
    EXPECT_THAT(raw_etag(etag), testing::MatchesRegex("\"[0-9a-f]{8}-0000-0800-0000-[0-9a-f]{8}0000\""));
  }
}

TEST(Etag, DiffersEachTime) {
  SequenceRandom random;
  const std::string first = make_etag(random);
  EXPECT_NE(make_etag(random), first);
}

TEST(Etag, RawFormOfTheSample) {
  EXPECT_EQ(raw_etag("IjBhMDBiMWMyLTAwMDAtMDgwMC0wMDAwLTY1ZjBhMWIyMDAwMCI="),
            "\"0a00b1c2-0000-0800-0000-65f0a1b20000\"");
  EXPECT_EQ(raw_etag("not base64"), "not base64");
}

std::optional<ErrorCode> code(const Result<void>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

TEST(IfMatch, PutWithoutHeaderCreatesOnly) {  // service-api.md 3.4
  const std::string stored = "abc=";
  for (const auto& header : {std::optional<std::string_view>(), std::optional<std::string_view>(" ")}) {
    const IfMatch match = IfMatch::parse(header);
    EXPECT_TRUE(match.is_absent());
    EXPECT_EQ(code(match.check_put(nullptr)), std::nullopt);
    EXPECT_EQ(code(match.check_put(&stored)), ErrorCode::kConflict);
    EXPECT_EQ(code(match.check_delete(stored)), std::nullopt);
  }
}

TEST(IfMatch, StarReplacesWhateverIsStored) {
  const std::string stored = "abc=";
  for (std::string_view header : {"*", "\"*\"", " * "}) {
    const IfMatch match = IfMatch::parse(header);
    EXPECT_TRUE(match.is_any()) << header;
    EXPECT_EQ(code(match.check_put(nullptr)), ErrorCode::kNotFound);
    EXPECT_EQ(code(match.check_put(&stored)), std::nullopt);
    EXPECT_EQ(code(match.check_delete(stored)), std::nullopt);
  }
}

TEST(IfMatch, EtagMustBeTheStoredOne) {
  const std::string stored = "abc=", other = "abd=";
  for (std::string_view header : {"abc=", "\"abc=\"", " \"abc=\" "}) {
    const IfMatch match = IfMatch::parse(header);
    EXPECT_EQ(code(match.check_put(nullptr)), ErrorCode::kPreconditionFailed);
    EXPECT_EQ(code(match.check_put(&stored)), std::nullopt);
    EXPECT_EQ(code(match.check_put(&other)), ErrorCode::kPreconditionFailed);
    EXPECT_EQ(code(match.check_delete(stored)), std::nullopt);
    EXPECT_EQ(code(match.check_delete(other)), ErrorCode::kPreconditionFailed);
  }
}

TEST(IfMatch, OddHeadersAreEtagsThatMatchNothing) {
  for (std::string_view header : {"\"\"", "\"", "\"abc=", "W/\"abc=\"", "**", "\"abc=\", \"x\""}) {
    EXPECT_EQ(code(IfMatch::parse(header).check_delete("abc=")), ErrorCode::kPreconditionFailed) << header;
  }
}

}  // namespace
}  // namespace muster::model
