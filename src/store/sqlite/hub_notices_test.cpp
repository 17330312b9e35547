#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sqlite/sqlite_store.h"
#include "store/store_fixture.h"

namespace muster::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HubNoticesTest : public testing::Test {
 protected:
  HubNoticesTest() {
    SqliteOptions options;
    options.path = folder_.database();
    options.clock = &clock_;
    options.notices.twin_changes = true;
    store_ = *open_sqlite_store(options, test_sealer());
    EXPECT_TRUE(wait_for(store_->create_instance(make_config(kInstance, "plant"))));
    device_ = make_device("pump", model::NoCredential{});
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const auto& event : *wait_for(store_->read_hub_events(kInstance, device_.hub, 0, {}))) {
      EXPECT_EQ(event.enqueued, kNow);
      out.push_back(event.source);
    }
    return out;
  }

  DatabaseFolder folder_;
  ManualClock clock_{kNow};
  std::unique_ptr<Store> store_;
  model::HubDevice device_;
};

TEST_F(HubNoticesTest, StandInTheLogWithTheChange) {
  ASSERT_TRUE(wait_for(store_->change_hub_device(kInstance, device_.hub, "pump", put(device_))));
  ++device_.twin.version;
  ASSERT_TRUE(wait_for(store_->change_hub_device(kInstance, device_.hub, "pump", put(device_))));
  ASSERT_TRUE(wait_for(store_->remove_hub_device(kInstance, device_.hub, "pump", allow<model::HubDevice>())));
  EXPECT_THAT(told(), ElementsAre("deviceLifecycleEvents", "twinChangeEvents", "deviceLifecycleEvents"));
}

TEST_F(HubNoticesTest, AChangeThatIsRefusedLeavesNone) {
  const auto refuse = [](const model::HubDevice*) -> Result<model::HubDevice> { return invalid("no"); };
  EXPECT_FALSE(wait_for(store_->change_hub_device(kInstance, device_.hub, "pump", refuse)));
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(HubNoticesTest, WhoWatchesHearsOfThem) {
  std::promise<std::string> heard;
  store_->watch_hub_notices([&](const InstanceId&, const std::string& hub) { heard.set_value(hub); });
  ASSERT_TRUE(wait_for(store_->change_hub_device(kInstance, device_.hub, "pump", put(device_))));
  EXPECT_EQ(heard.get_future().get(), model::id_key(device_.hub));
  store_->watch_hub_notices({});
  ASSERT_TRUE(wait_for(store_->remove_hub_device(kInstance, device_.hub, "pump", allow<model::HubDevice>())));
}

}  // namespace
}  // namespace muster::store
