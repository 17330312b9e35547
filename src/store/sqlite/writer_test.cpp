#include "store/sqlite/writer.h"

#include <future>
#include <latch>
#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store_fixture.h"

namespace muster::store::sqlite {
namespace {

using testing::ElementsAre;

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"));
  }

  Connection open() {
    auto connection = Connection::open(folder_.database(), OpenMode::kCreate);
    EXPECT_TRUE(connection && connection->use_write_ahead_log());
    return std::move(*connection);
  }

  std::vector<std::string> notes() {
    Connection connection = open();
    auto statement = connection.query("SELECT text FROM note ORDER BY id");
    std::vector<std::string> texts;
    while (statement->step().value()) texts.push_back(statement->string(0));
    return texts;
  }

  static Result<int> insert(Transaction& transaction, std::string_view text) {
    auto inserted = transaction.connection().run("INSERT INTO note (text) VALUES (?)", text);
    if (!inserted) return std::unexpected(inserted.error());
    return 1;
  }

  using Change = std::move_only_function<Result<int>(Transaction&)>;
  static std::future<Result<int>> submit(Writer& writer, Change change, std::size_t weight = 1) {
    std::promise<Result<int>> promise;
    auto future = promise.get_future();
    writer.submit<int>(
        std::move(change),
        [promise = std::move(promise)](Result<int> result) mutable { promise.set_value(std::move(result)); }, weight);
    return future;
  }
  static Change note(std::string text) {
    return [text = std::move(text)](Transaction& transaction) { return insert(transaction, text); };
  }

  /// Holds the writer inside a change until it is let go.
  struct Gate {
    std::latch entered{1};
    std::latch open{1};
    Change change() {
      return [this](Transaction&) -> Result<int> {
        if (!entered.try_wait()) entered.count_down();  // it may run again
        open.wait();
        return 0;
      };
    }
  };

  static void ignore_growth(std::size_t /*pages*/) {}

  DatabaseFolder folder_;
};

TEST_F(WriterTest, WaitingChangesShareOneCommit) {
  Writer writer(open(), {.max_batch = 16, .max_queue = 100}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  std::vector<std::future<Result<int>>> waiting;
  waiting.reserve(31);
  for (int i = 0; i < 31; ++i) waiting.push_back(submit(writer, note(std::to_string(i))));
  EXPECT_EQ(writer.pending(), 32U);
  gate.open.count_down();
  EXPECT_TRUE(held.get());
  for (auto& result : waiting) EXPECT_TRUE(result.get());
  EXPECT_EQ(writer.commits(), 2U) << "32 changes, 16 in a batch";
  EXPECT_EQ(notes().size(), 31U);
}

TEST_F(WriterTest, AHeavyChangeEndsItsBatch) {
  Writer writer(open(), {.max_batch = 16, .max_queue = 100}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  auto heavy = submit(writer, note("heavy"), 1000);
  auto behind = submit(writer, note("behind"));
  gate.open.count_down();
  EXPECT_TRUE(held.get());
  EXPECT_TRUE(heavy.get());
  EXPECT_TRUE(behind.get());
  EXPECT_EQ(writer.commits(), 2U);
}

TEST_F(WriterTest, AChangeThatComesAloneIsCommittedAtOnce) {
  Writer writer(open(), {.gathering = std::chrono::hours(1)}, ignore_growth);
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(submit(writer, note(text)).get());
  EXPECT_EQ(writer.commits(), 3U);
}

TEST_F(WriterTest, ChangesFromSeveralSidesAreGatheredUntilABatchIsFull) {
  std::vector<std::future<Result<int>>> results;
  {
    Writer writer(open(), {.max_batch = 4, .gathering = std::chrono::hours(1)}, ignore_growth);
    Gate gate;
    results.push_back(submit(writer, gate.change()));
    gate.entered.wait();
    results.push_back(submit(writer, note("together")));
    gate.open.count_down();
    EXPECT_TRUE(results[1].get());
    for (int i = 0; i < 4; ++i) results.push_back(submit(writer, note(std::to_string(i))));
    EXPECT_TRUE(results[5].get());
    EXPECT_EQ(writer.commits(), 2U);
    results.push_back(submit(writer, note("at the end")));
  }
  EXPECT_TRUE(results.back().get()) << "stopping does not wait for others";
  EXPECT_EQ(notes().size(), 6U);
}

TEST_F(WriterTest, AFailingChangeUndoesOnlyItself) {
  Writer writer(open(), {}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  auto before = submit(writer, note("before"));
  auto refused = submit(writer, [](Transaction& transaction) -> Result<int> {
    EXPECT_TRUE(insert(transaction, "undone"));
    return fail(ErrorCode::kConflict, "no");
  });
  auto broken = submit(writer, [](Transaction& transaction) -> Result<int> {
    EXPECT_TRUE(insert(transaction, "undone"));
    auto wrong = transaction.connection().run("INSERT INTO nowhere VALUES (1)");
    return std::unexpected(wrong.error());
  });
  auto thrown = submit(writer, [](Transaction& transaction) -> Result<int> {
    EXPECT_TRUE(insert(transaction, "undone"));
    throw std::bad_alloc();
  });
  auto after = submit(writer, note("after"));
  gate.open.count_down();
  EXPECT_TRUE(held.get());
  EXPECT_TRUE(before.get());
  EXPECT_EQ(refused.get().error().code, ErrorCode::kConflict);
  EXPECT_EQ(broken.get().error().code, ErrorCode::kInternal);
  EXPECT_EQ(thrown.get().error().code, ErrorCode::kInternal);
  EXPECT_TRUE(after.get());
  EXPECT_EQ(writer.commits(), 1U);
  EXPECT_THAT(notes(), ElementsAre("before", "after"));
}

TEST_F(WriterTest, AChangeThatFailsBeforeItWritesMakesNobodyRunAgain) {
  Writer writer(open(), {}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  int runs = 0;
  auto before = submit(writer, [&runs](Transaction& transaction) {
    ++runs;
    return insert(transaction, "before");
  });
  auto refused = submit(writer, [](Transaction&) -> Result<int> { return fail(ErrorCode::kConflict, "no"); });
  gate.open.count_down();
  EXPECT_TRUE(before.get());
  EXPECT_EQ(refused.get().error().code, ErrorCode::kConflict);
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(notes(), ElementsAre("before"));
}

TEST_F(WriterTest, WhatRanBeforeAFailureRunsAgainAndIsHookedOnce) {
  Writer writer(open(), {}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  struct Counts {
    int runs = 0;
    int hooked = 0;
  } before, broken, after;
  const auto counted = [](Counts& counts, bool fails) -> Change {
    return [&counts, fails](Transaction& transaction) -> Result<int> {
      ++counts.runs;
      transaction.on_commit([&counts] { ++counts.hooked; });
      auto inserted = insert(transaction, "a");
      if (fails) return fail(ErrorCode::kInternal, "The store failed.");
      return inserted;
    };
  };
  auto first = submit(writer, counted(before, false));
  auto second = submit(writer, counted(broken, true));
  auto third = submit(writer, counted(after, false));
  gate.open.count_down();
  EXPECT_TRUE(first.get());
  EXPECT_FALSE(second.get());
  EXPECT_TRUE(third.get());
  EXPECT_EQ(before.runs, 2);
  EXPECT_EQ(broken.runs, 2);
  EXPECT_EQ(after.runs, 1);
  EXPECT_EQ(before.hooked, 1);
  EXPECT_EQ(broken.hooked, 0);
  EXPECT_EQ(after.hooked, 1);
  EXPECT_EQ(notes().size(), 2U);
}

TEST_F(WriterTest, AFailedCommitAcknowledgesNothing) {
  Writer writer(open(), {}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  bool hooked = false;
  auto first = submit(writer, [&hooked](Transaction& transaction) {
    transaction.on_commit([&hooked] { hooked = true; });
    return insert(transaction, "lost");
  });
  // Ends the transaction under the writer's feet, as SQLite does when the disk fails.
  auto rollback = submit(writer, [](Transaction& transaction) -> Result<int> {
    EXPECT_TRUE(transaction.connection().run("ROLLBACK"));
    return fail(ErrorCode::kInternal, "The disk of the store is full.");
  });
  gate.open.count_down();
  for (auto* result : {&held, &first, &rollback}) EXPECT_EQ(result->get().error().code, ErrorCode::kInternal);
  EXPECT_FALSE(hooked);
  EXPECT_TRUE(submit(writer, note("next")).get()) << "the writer goes on";
  EXPECT_THAT(notes(), ElementsAre("next"));
}

TEST_F(WriterTest, TellsTheObserverOfEveryBatch) {
  struct Observer final : StoreObserver {
    void committed(std::size_t changes, std::chrono::nanoseconds took) noexcept override {
      batches.push_back(changes);
      EXPECT_GT(took.count(), 0);
    }
    void commit_failed(std::size_t changes, const Error& why) noexcept override {
      lost += changes;
      EXPECT_EQ(why.code, ErrorCode::kInternal);
    }
    std::vector<std::size_t> batches;
    std::size_t lost = 0;
  } observer;
  {
    Writer writer(open(), {.max_batch = 2, .max_queue = 100}, ignore_growth, &observer);
    Gate gate;
    auto held = submit(writer, gate.change());
    gate.entered.wait();
    auto second = submit(writer, note("2"));
    auto third = submit(writer, note("3"));
    gate.open.count_down();
    EXPECT_TRUE(held.get() && second.get() && third.get());
    EXPECT_FALSE(submit(writer, [](Transaction& transaction) -> Result<int> {
                   EXPECT_TRUE(transaction.connection().run("ROLLBACK"));
                   return fail(ErrorCode::kInternal, "The disk of the store is full.");
                 }).get());
  }
  EXPECT_THAT(observer.batches, ElementsAre(2, 1));
  EXPECT_EQ(observer.lost, 1U);
}

TEST_F(WriterTest, HooksRunAfterTheCommitAndBeforeTheAnswers) {
  Writer writer(open(), {}, ignore_growth);
  std::vector<std::string> seen;
  auto done = submit(writer, [&](Transaction& transaction) {
    transaction.on_commit([&] { seen = notes(); });
    return insert(transaction, "visible");
  });
  ASSERT_TRUE(done.get());
  EXPECT_THAT(seen, ElementsAre("visible"));
}

TEST_F(WriterTest, AFullQueueRefusesAtOnce) {
  Writer writer(open(), {.max_batch = 1, .max_queue = 2}, ignore_growth);
  Gate gate;
  auto held = submit(writer, gate.change());
  gate.entered.wait();
  auto first = submit(writer, note("1"));
  auto second = submit(writer, note("2"));
  EXPECT_EQ(submit(writer, note("3")).get().error().code, ErrorCode::kUnavailable);
  gate.open.count_down();
  EXPECT_TRUE(held.get());
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_THAT(notes(), ElementsAre("1", "2"));
}

TEST_F(WriterTest, DestructionFinishesWhatWasAccepted) {
  std::vector<std::future<Result<int>>> results;
  Gate gate;
  {
    Writer writer(open(), {.max_batch = 4, .max_queue = 100}, ignore_growth);
    results.push_back(submit(writer, gate.change()));
    gate.entered.wait();
    for (int i = 0; i < 50; ++i) results.push_back(submit(writer, note(std::to_string(i))));
    gate.open.count_down();
  }
  for (auto& result : results) EXPECT_TRUE(result.get());
  EXPECT_EQ(notes().size(), 50U);
}

TEST_F(WriterTest, ReportsTheGrowthOfTheLog) {
  std::vector<std::size_t> reported;
  {
    Writer writer(open(), {}, [&reported](std::size_t pages) { reported.push_back(pages); });
    ASSERT_TRUE(submit(writer, note("a")).get());
    ASSERT_TRUE(submit(writer, note("b")).get());
  }
  ASSERT_EQ(reported.size(), 2U);
  EXPECT_GT(reported[0], 0U);
  EXPECT_GT(reported[1], reported[0]);
}

}  // namespace
}  // namespace muster::store::sqlite
