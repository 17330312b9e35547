#include "provisioning/drain_estimate.h"

#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DrainEstimate, IdleMeansTheShortestWait) {  // design section 9
  const DrainEstimate drain;
  EXPECT_EQ(drain.wait_for(0), seconds(1));
  EXPECT_EQ(drain.wait_for(10), seconds(1));
}

TEST(DrainEstimate, TheWaitFollowsBacklogAndPace) {  // design section 6
  DrainEstimate drain;
  TimePoint now{seconds(1'000)};
  for (int i = 0; i < 2'000; ++i) drain.completed(now += milliseconds(10));
  EXPECT_EQ(drain.wait_for(1'000), seconds(10));
  EXPECT_EQ(drain.wait_for(1'000'000), DrainEstimate::kLongest);
}

TEST(DrainEstimate, APauseSaysNothingAboutThePace) {
  DrainEstimate drain;
  TimePoint now{seconds(1'000)};
  for (int i = 0; i < 2'000; ++i) drain.completed(now += milliseconds(10));
  drain.completed(now += seconds(3'600));
  EXPECT_EQ(drain.wait_for(1'000), seconds(10));
}

}  // namespace
}  // namespace muster::provisioning
