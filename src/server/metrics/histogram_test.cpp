#include "server/metrics/histogram.h"

#include <array>
#include <limits>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

constexpr std::array kBounds{1.0, 2.5, 10.0};

std::vector<std::uint64_t> cumulative(const Histogram& histogram) {
  std::vector<std::uint64_t> out;
  for (const auto& bucket : histogram.collect().bucket) out.push_back(bucket.cumulative_count);
  return out;
}

TEST(Histogram, ABoundBelongsToItsBucket) {
  Histogram histogram{kBounds};
  for (const double value : {0.0, 1.0, 1.1, 2.5, 10.0, 11.0}) histogram.observe(value);
  EXPECT_THAT(cumulative(histogram), testing::ElementsAre(2, 4, 5, 6));
  const auto collected = histogram.collect();
  EXPECT_EQ(collected.sample_count, 6U);
  EXPECT_DOUBLE_EQ(collected.sample_sum, 25.6);
  EXPECT_EQ(collected.bucket.back().upper_bound, std::numeric_limits<double>::infinity());
}

TEST(Histogram, CountsDurationsInSeconds) {
  Histogram histogram{kBounds};
  histogram.observe(std::chrono::milliseconds(1500));
  EXPECT_DOUBLE_EQ(histogram.collect().sample_sum, 1.5);
}

TEST(Histogram, LosesNothingWhenThreadsObserveAtOnce) {
  Histogram histogram{kBounds};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 10'000; ++n) histogram.observe(1.0);
      });
    }
  }
  EXPECT_EQ(histogram.collect().sample_count, 40'000U);
  EXPECT_DOUBLE_EQ(histogram.collect().sample_sum, 40'000.0);
}

TEST(HistogramFamily, KeepsOneHistogramForEachSetOfLabels) {
  HistogramFamily family("name", "help", {"a", "b"}, kBounds);
  EXPECT_TRUE(family.Collect().empty()) << "a metric without series says nothing";
  Histogram& first = family.at({"1", "2"});
  EXPECT_EQ(&family.at({"1", "2"}), &first);
  EXPECT_NE(&family.at({"1", "3"}), &first);
  first.observe(1.0);
  const auto collected = family.Collect();
  ASSERT_EQ(collected.size(), 1U);
  ASSERT_EQ(collected.front().metric.size(), 2U);
  EXPECT_EQ(collected.front().metric.front().label.front().name, "a");
  EXPECT_EQ(collected.front().metric.front().histogram.sample_count, 1U);
}

}  // namespace
}  // namespace muster::server
