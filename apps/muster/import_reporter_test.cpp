#include "muster/import_reporter.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ImportReporterTest : public testing::Test {
 protected:
  ImportReporter open(bool resumed = false) {
    ImportState state;
    state.file_size = 100;
    return ImportReporter::open(process_.program, state,
                                {.state_file = state_file_, .report_file = report_file_, .resumed = resumed})
        .value();
  }
  static ImportChunk chunk_until(std::uint64_t offset, std::size_t line) {
    ImportChunk chunk;
    chunk.end = {.offset = offset, .line = line};
    return chunk;
  }
  static ChunkOutcome one_failed() {
    return {.totals = {.created = 2, .failed = 1},
            .failures = {{{"line", 3}, {"registrationId", "pump\x1b[1m"}, {"errorCode", 400000}, {"message", "No."}}}};
  }
  [[nodiscard]] std::string report() const { return muster::read_file(report_file_, 10'000).value_or("none"); }

  TemporaryFolder folder_;
  std::string report_file_ = (folder_.path() / "failures.ndjson").string();
  std::filesystem::path state_file_ = folder_.path() / "devices.csv.import-state";
  FakeProgram process_;
};

TEST_F(ImportReporterTest, TellsFailuresToPeopleAndToTheReport) {
  ImportReporter reporter = open();
  reporter.note(chunk_until(50, 4), one_failed());
  ASSERT_TRUE(reporter.complete());
  EXPECT_EQ(process_.err.str(), "line 3: pump?[1m: 400000 No.\n") << "an id cannot drive the terminal";
  EXPECT_EQ(report(), R"({"line":3,"registrationId":"pump\u001b[1m","errorCode":400000,"message":"No."})"
                      "\n");
  EXPECT_EQ(reporter.totals(), (ImportTotals{.created = 2, .failed = 1}));
}

TEST_F(ImportReporterTest, KeepsHowFarItGotUntilItIsThrough) {
  ImportReporter reporter = open();
  reporter.note(chunk_until(50, 4), one_failed());
  EXPECT_FALSE(std::filesystem::exists(state_file_)) << "not for every request";
  process_.clock.advance(std::chrono::seconds(1));
  reporter.note(chunk_until(80, 9), {.totals = {.unchanged = 5}, .failures = {}});
  const auto state = read_state(state_file_).value();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->done, (ImportPosition{.offset = 80, .line = 9}));
  EXPECT_EQ(state->totals, (ImportTotals{.created = 2, .unchanged = 5, .failed = 1}));
  EXPECT_THAT(report(), HasSubstr("\"line\":3")) << "the report is as far as the state";
  ASSERT_TRUE(reporter.complete());
  EXPECT_FALSE(std::filesystem::exists(state_file_));
}

TEST_F(ImportReporterTest, ACutOffImportTellsHowToGoOn) {
  ImportReporter reporter = open();
  reporter.note(chunk_until(50, 4), one_failed());
  reporter.abandon();
  EXPECT_TRUE(read_state(state_file_).value());
  EXPECT_THAT(process_.err.str(), HasSubstr("2 entries were imported before; go on with --resume"));
}

TEST_F(ImportReporterTest, OneThatDidNothingLeavesNothing) {
  open().abandon();
  EXPECT_FALSE(std::filesystem::exists(state_file_));
  EXPECT_EQ(process_.err.str(), "");
}

TEST_F(ImportReporterTest, AResumedOneAddsToItsReport) {
  {
    ImportReporter reporter = open();
    reporter.note(chunk_until(50, 4), one_failed());
    reporter.abandon();
  }
  const std::string before = report();
  ImportReporter reporter = open(true);
  reporter.note(chunk_until(80, 9), one_failed());
  ASSERT_TRUE(reporter.complete());
  EXPECT_EQ(report(), before + before);
  open();
  EXPECT_THAT(report(), IsEmpty()) << "a new import begins a new report";
}

TEST_F(ImportReporterTest, WhatCannotBeWrittenIsSaidBeforeAnythingIsSent) {
  report_file_ = "/nowhere/failures.ndjson";
  const auto reporter = ImportReporter::open(process_.program, {}, {.state_file = {}, .report_file = report_file_});
  ASSERT_FALSE(reporter);
  EXPECT_EQ(reporter.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ImportReporterTest, StandardInputHasNoState) {
  auto reporter = ImportReporter::open(process_.program, {}, {.state_file = {}, .report_file = {}}).value();
  process_.clock.advance(std::chrono::seconds(5));
  reporter.note(chunk_until(50, 4), {.totals = {.created = 1}, .failures = {}});
  reporter.abandon();
  EXPECT_THAT(process_.err.str(), HasSubstr("1 entries were imported before; the same import again is safe"));
}

}  // namespace
}  // namespace muster::cli
