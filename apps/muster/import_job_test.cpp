#include "muster/import_job.h"

#include <atomic>
#include <condition_variable>
#include <sstream>

#include <gmock/gmock.h>

namespace muster::cli {
namespace {

using model::TransferFormat;
using testing::ElementsAre;
using testing::IsEmpty;

/// A job over ten lines, each a request of its own.
class ImportJobTest : public testing::Test {
 protected:
  Result<void> run(const std::vector<SendChunk>& senders, std::string text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n",
                   ImportSource::Limits limits = {.octets = 64, .records = 1}) {
    std::istringstream in(std::move(text));
    auto source = ImportSource::open(in, TransferFormat::kNdjson, limits);
    ImportJob job(
        *source, senders,
        [this](std::chrono::milliseconds pause) {
          const std::scoped_lock lock(mutex_);
          pauses_.push_back(pause.count());
        },
        [this](const ImportChunk& chunk, const ChunkOutcome& outcome) {
          told_.push_back(chunk.index);
          totals_.created += outcome.totals.created;
          totals_.failed += outcome.totals.failed;
          for (const auto& failure : outcome.failures) failed_lines_.push_back(failure.at("line").to_number<int>());
        });
    return job.run();
  }

  static ChunkOutcome created(const ImportChunk& chunk) {
    return {.totals = {.created = chunk.records}, .failures = {}};
  }

  std::mutex mutex_;  // protects pauses_ and the counters of the tests
  std::vector<std::int64_t> pauses_;
  std::vector<std::size_t> told_;
  std::vector<int> failed_lines_;
  ImportTotals totals_;
};

TEST_F(ImportJobTest, TellsInTheOrderOfTheFileWhateverEndsFirst) {
  std::condition_variable changed;
  bool others_done = false;
  // The first part ends last: its sender waits until the other one has sent all the rest.
  const SendChunk send = [&](const ImportChunk& chunk) -> Result<ChunkOutcome> {
    std::unique_lock lock(mutex_);
    if (chunk.index == 0) {
      changed.wait(lock, [&] { return others_done; });
    } else if (chunk.index == 9) {
      others_done = true;
      changed.notify_all();
    }
    return created(chunk);
  };
  EXPECT_TRUE(run({send, send}));
  EXPECT_THAT(told_, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(totals_.created, 10U);
}

TEST_F(ImportJobTest, AServiceThatNeverAnsweredIsNotWaitedFor) {
  int sent = 0;
  const SendChunk send = [&](const ImportChunk&) -> Result<ChunkOutcome> {
    ++sent;
    return fail(ErrorCode::kUnavailable, "Cannot reach it.");
  };
  EXPECT_EQ(run({send}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sent, 1);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ImportJobTest, ARestartingServiceIsWaitedForAndAskedAgain) {
  int sent = 0;
  const SendChunk send = [&](const ImportChunk& chunk) -> Result<ChunkOutcome> {
    if (chunk.index == 4 && ++sent <= 3) return fail(ErrorCode::kUnavailable, "Cannot reach it.");
    return created(chunk);
  };
  EXPECT_TRUE(run({send}));
  EXPECT_THAT(pauses_, ElementsAre(500, 1000, 2000));
  EXPECT_EQ(totals_.created, 10U);
}

TEST_F(ImportJobTest, PatienceEnds) {
  const SendChunk send = [&](const ImportChunk& chunk) -> Result<ChunkOutcome> {
    if (chunk.index >= 4) return fail(ErrorCode::kLimitExceeded, "Too many calls.");
    return created(chunk);
  };
  EXPECT_EQ(run({send}).error().code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(pauses_, ElementsAre(500, 1000, 2000, 4000, 8000, 16000));
  EXPECT_THAT(told_, ElementsAre(0, 1, 2, 3));
}

TEST_F(ImportJobTest, ARefusalEndsItAtOnceAndNothingBehindItIsTold) {
  const SendChunk send = [&](const ImportChunk& chunk) -> Result<ChunkOutcome> {
    if (chunk.index == 2) return fail(ErrorCode::kUnauthorized, "Unauthorized");
    return created(chunk);
  };
  EXPECT_EQ(run({send, send, send}).error().code, ErrorCode::kUnauthorized);
  EXPECT_THAT(pauses_, IsEmpty());
  for (const std::size_t index : told_) EXPECT_LT(index, 2U);
}

TEST_F(ImportJobTest, LinesThatNoRequestCarriesAreFailures) {
  const SendChunk send = [&](const ImportChunk& chunk) -> Result<ChunkOutcome> { return created(chunk); };
  EXPECT_TRUE(run({send}, "1\n" + std::string(300, 'x') + "\n3\n", {.octets = 64, .records = 5}));
  EXPECT_EQ(totals_.created, 2U);
  EXPECT_EQ(totals_.failed, 1U);
  EXPECT_THAT(failed_lines_, ElementsAre(2));
}

}  // namespace
}  // namespace muster::cli
