#include "base/thread_executor.h"

#include <atomic>
#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "base/task.h"

namespace muster {
namespace {

TEST(ThreadExecutor, RunsWorkInOrderOnItsOwnThread) {
  std::vector<int> order;
  std::thread::id thread;
  Executor* current = nullptr;
  {
    ThreadExecutor executor;
    for (int i = 0; i < 100; ++i) {
      executor.post([&, i] {
        order.push_back(i);
        thread = std::this_thread::get_id();
        current = Executor::current();
      });
    }
    std::promise<void> done;
    executor.post([&] { done.set_value(); });
    done.get_future().wait();
    EXPECT_EQ(current, &executor);
  }
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(ThreadExecutor, DroppingItRunsWhatIsQueuedAndWhatThatPosts) {
  std::atomic<int> ran = 0;
  {
    ThreadExecutor executor;
    executor.post([&] {
      ++ran;
      executor.post([&] { ++ran; });
    });
  }
  EXPECT_EQ(ran, 2);
}

TEST(ThreadExecutor, ATaskComesBackToItAfterAHandover) {
  ThreadExecutor executor;
  std::promise<bool> same;
  const auto body = [&]() -> Task<bool> {
    const auto before = std::this_thread::get_id();
    std::thread other;
    co_await Handover<int>([&other](std::move_only_function<void(int)> complete) {
      other = std::thread([complete = std::move(complete)]() mutable { complete(1); });
    });
    other.join();
    co_return before == std::this_thread::get_id();
  };
  executor.post([&] { start(body(), [&](bool value) { same.set_value(value); }); });
  EXPECT_TRUE(same.get_future().get());
}

}  // namespace
}  // namespace muster
