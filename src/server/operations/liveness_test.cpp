#include "server/operations/liveness.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// Does its work when it is told to.
class SlowExecutor final : public Executor {
 public:
  void post(std::move_only_function<void()> work) override { waiting_.push_back(std::move(work)); }
  void work() {
    while (!waiting_.empty()) {
      waiting_.front()();
      waiting_.pop_front();
    }
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  std::deque<std::move_only_function<void()>> waiting_;
};

class LivenessTest : public testing::Test {
 protected:
  static constexpr Liveness::Time kStart{seconds(1000)};

  LivenessTest() {
    liveness_.watch("first", first_);
    liveness_.watch("second", second_);
  }

  SlowExecutor first_;
  SlowExecutor second_;
  Liveness liveness_{seconds(30), kStart};
};

TEST_F(LivenessTest, ThreadsThatTakeTheirNotesAreWell) {
  for (int i = 0; i < 100; ++i) {
    liveness_.beat(kStart + seconds(5 * i));
    first_.work();
    second_.work();
    EXPECT_THAT(liveness_.stuck(kStart + seconds(5 * i + 4)), IsEmpty());
  }
}

TEST_F(LivenessTest, AThreadThatDoesNotIsNamedAfterAWhileAndGetsNoFurtherNotes) {
  for (int i = 0; i <= 6; ++i) {
    EXPECT_THAT(liveness_.stuck(kStart + seconds(5 * i)), IsEmpty());
    liveness_.beat(kStart + seconds(5 * i));
    first_.work();
  }
  EXPECT_THAT(liveness_.stuck(kStart + seconds(31)), ElementsAre("second"));
  EXPECT_EQ(second_.waiting(), 1U);
  second_.work();
  EXPECT_THAT(liveness_.stuck(kStart + seconds(32)), IsEmpty());
}

TEST_F(LivenessTest, SoIsTheThreadThatShouldHandThemOut) {
  liveness_.beat(kStart);
  first_.work();
  second_.work();
  EXPECT_THAT(liveness_.stuck(kStart + seconds(31)), ElementsAre("main"));
}

TEST_F(LivenessTest, AnOrderlyStopIsNoFailure) {
  liveness_.beat(kStart);
  liveness_.stop();
  EXPECT_THAT(liveness_.stuck(kStart + seconds(100)), IsEmpty());
  first_.work();
  liveness_.beat(kStart + seconds(100));
  EXPECT_EQ(first_.waiting(), 0U);
}

}  // namespace
}  // namespace muster::server
