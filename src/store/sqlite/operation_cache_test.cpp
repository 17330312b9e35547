#include "store/sqlite/operation_cache.h"

#include <gtest/gtest.h>

namespace muster::store::sqlite {
namespace {

const InstanceId kInstance = "0neAAAA";

SharedOperationState state(const std::string& operation, const std::string& device) {
  OperationState out;
  out.operation.id = operation;
  out.operation.registration_id = device;
  out.registration.emplace().registration_id = device;
  return std::make_shared<const OperationState>(std::move(out));
}

class OperationCacheTest : public ::testing::Test {
 protected:
  void write(const std::string& operation, const std::string& device) {
    const auto ticket = cache_.drop(kInstance, device);
    cache_.put(kInstance, state(operation, device), ticket);
  }

  OperationCache cache_{8};
};

TEST_F(OperationCacheTest, FindsWhatWasPut) {
  EXPECT_EQ(cache_.find(kInstance, "o1"), nullptr);
  write("o1", "Unit-1");
  ASSERT_NE(cache_.find(kInstance, "o1"), nullptr);
  EXPECT_EQ(cache_.find(kInstance, "o1")->operation.registration_id, "Unit-1");
  EXPECT_EQ(cache_.find("another", "o1"), nullptr);
}

TEST_F(OperationCacheTest, KnowsOnlyTheLastOperationOfADevice) {
  write("o1", "unit-1");
  write("o2", "UNIT-1");
  EXPECT_EQ(cache_.find(kInstance, "o1"), nullptr) << "its record has changed since";
  EXPECT_NE(cache_.find(kInstance, "o2"), nullptr);
}

TEST_F(OperationCacheTest, KeepsNothingThatALaterChangeOfTheBatchDropped) {
  const auto first = cache_.drop(kInstance, "unit-1");
  const auto second = cache_.drop(kInstance, "UNIT-1");
  cache_.put(kInstance, state("o1", "unit-1"), first);
  EXPECT_EQ(cache_.find(kInstance, "o1"), nullptr);
  cache_.put(kInstance, state("o2", "unit-1"), second);
  EXPECT_NE(cache_.find(kInstance, "o2"), nullptr);
}

TEST_F(OperationCacheTest, ForgetsWhatIsDropped) {
  write("o1", "unit-1");
  cache_.drop(kInstance, "UNIT-1");
  EXPECT_EQ(cache_.find(kInstance, "o1"), nullptr);
  write("o2", "unit-2");
  const auto ticket = cache_.drop(kInstance, "unit-3");
  cache_.clear();
  cache_.put(kInstance, state("o3", "unit-3"), ticket);
  EXPECT_EQ(cache_.find(kInstance, "o2"), nullptr);
  EXPECT_EQ(cache_.find(kInstance, "o3"), nullptr);
}

}  // namespace
}  // namespace muster::store::sqlite
