#include "base/task.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/thread_executor.h"

namespace muster {
namespace {

Task<int> number(int value) {
  co_return value;
}

Task<int> sum(int count) {
  int total = 0;
  for (int i = 1; i <= count; ++i) total += co_await number(i);
  co_return total;
}

TEST(Task, GivesItsValue) {
  EXPECT_EQ(wait_for(number(42)), 42);
}

TEST(Task, AwaitsOthers) {
  EXPECT_EQ(wait_for(sum(1000)), 500500);
}

Task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await deep(levels - 1);
}

TEST(Task, NestsDeeply) {
  EXPECT_EQ(wait_for(deep(1000)), 1000);
}

Task<std::unique_ptr<int>> owned(int value) {
  co_return std::make_unique<int>(value);
}

TEST(Task, MovesWhatCannotBeCopied) {
  EXPECT_EQ(*wait_for(owned(7)), 7);
}

Task<int> started(bool& flag) {
  flag = true;
  co_return 1;
}

TEST(Task, DoesNothingUntilAwaited) {
  bool flag = false;
  {
    const auto never_awaited = started(flag);
  }
  EXPECT_FALSE(flag);
  EXPECT_EQ(wait_for(started(flag)), 1);
  EXPECT_TRUE(flag);
}

Task<int> broken() {
  throw std::runtime_error("broken invariant");
  co_return 0;
}

Task<std::string> what_broke() {
  try {
    co_await broken();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing";
}

TEST(Task, CarriesExceptionsToTheAwaiter) {
  EXPECT_EQ(wait_for(what_broke()), "broken invariant");
}

using Complete = std::move_only_function<void(std::string)>;

Task<std::string> handed_over(std::thread& other, std::thread::id& resumed_on) {
  Handover<std::string> handover([&other](Complete complete) {
    other = std::thread([complete = std::move(complete)]() mutable { complete("from afar"); });
  });
  std::string value = co_await handover;
  resumed_on = std::this_thread::get_id();
  co_return value;
}

TEST(Handover, GoesOnOnTheExecutorThatAwaited) {
  std::thread other;
  std::thread::id resumed_on;
  EXPECT_EQ(wait_for(handed_over(other, resumed_on)), "from afar");
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
  other.join();
}

TEST(Handover, GoesOnOnTheCompletingThreadWithoutAnExecutor) {
  std::thread other;
  std::thread::id resumed_on;
  std::string result;
  start(handed_over(other, resumed_on), [&result](std::string value) { result = std::move(value); });
  const std::thread::id other_id = other.get_id();
  other.join();
  EXPECT_EQ(result, "from afar");
  EXPECT_EQ(resumed_on, other_id);
}

Task<int> completed_at_once() {
  Handover<int> handover([](std::move_only_function<void(int)> complete) { complete(5); });
  co_return co_await handover;
}

TEST(Handover, MayBeCompletedBeforeItsCallReturns) {
  EXPECT_EQ(wait_for(completed_at_once()), 5);
  int result = 0;
  start(completed_at_once(), [&result](int value) { result = value; });
  EXPECT_EQ(result, 5);
}

Task<int> many_handovers(ThreadExecutor& worker, int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) {
    Handover<int> handover([&worker, i](std::move_only_function<void(int)> complete) {
      worker.post([complete = std::move(complete), i]() mutable { complete(i); });
    });
    total += co_await handover;
  }
  co_return total;
}

Task<int> note_after_yield(std::string& notes) {
  Executor::current()->post([&notes] { notes += "other "; });
  co_await Yield();
  notes += "task";
  co_return 0;
}

TEST(Yield, LetsOtherWorkGoFirst) {
  std::string notes;
  wait_for(note_after_yield(notes));
  EXPECT_EQ(notes, "other task");
}

Task<int> yield_once() {
  co_await Yield();
  co_return 1;
}

TEST(Yield, DoesNothingWithoutAnExecutor) {
  int result = 0;
  start(yield_once(), [&result](int value) { result = value; });
  EXPECT_EQ(result, 1);
}

TEST(BlockingExecutor, RunsATaskThatLeavesItsThreadManyTimes) {
  ThreadExecutor worker;
  EXPECT_EQ(wait_for(many_handovers(worker, 200)), 199 * 200 / 2);
}

TEST(BlockingExecutor, IsCurrentOnlyWhileItRuns) {
  EXPECT_EQ(Executor::current(), nullptr);
  BlockingExecutor executor;
  const auto current = [](Executor*& seen) -> Task<int> {
    seen = Executor::current();
    co_return 0;
  };
  Executor* seen = nullptr;
  executor.run(current(seen));
  EXPECT_EQ(seen, &executor);
  EXPECT_EQ(Executor::current(), nullptr);
}

TEST(ThreadExecutor, RunsInTheOrderOfPostingAndBeforeItEnds) {
  std::string order;
  Executor* seen = nullptr;
  {
    ThreadExecutor worker;
    for (char c : {'a', 'b', 'c'}) worker.post([&order, c] { order.push_back(c); });
    worker.post([&seen] { seen = Executor::current(); });
  }
  EXPECT_EQ(order, "abc");
  EXPECT_NE(seen, nullptr);
}

}  // namespace
}  // namespace muster
