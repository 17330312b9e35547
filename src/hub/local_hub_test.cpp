#include "hub/local_hub.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using provisioning::HubDeviceSpec;
using provisioning::testing::World;

class LocalHubTest : public ::testing::Test {
 protected:
  /// As a registration does.
  void put(HubDeviceSpec spec) {
    apply(hub_.stored_put(world_.instance(), link("Hub-A.test"), std::move(spec), std::nullopt));
  }
  void apply(std::optional<store::HubDeviceChange> change) {
    world_.enroll(model::EnrollmentKind::kIndividual, "dev-1", provisioning::testing::symmetric_body());
    model::Operation operation;
    operation.id = "o" + std::to_string(++operations_);
    operation.registration_id = operation.enrollment_id = "dev-1";
    operation.tracking_id = operation.id;
    model::Registration record;
    record.registration_id = "dev-1";
    world_.must(world_.store().begin_operation(world_.instance(), operation, record, nullptr));
    world_.must(world_.store().complete_operation(world_.instance(), operation.id,
                                                  {.record = record, .device = std::move(change)}));
  }
  static model::LinkedHub link(const std::string& name) {
    model::LinkedHub out;
    out.host_name = name;
    return out;
  }
  std::optional<model::HubDevice> stored(const std::string& id, const std::string& hub = "hub-a.test") {
    return world_.must(world_.store().find_hub_device(world_.instance(), hub, id));
  }
  model::HubDevice report(const std::string& id, boost::json::object values) {
    return world_.must(world_.store().change_hub_device(
        world_.instance(), "hub-a.test", id, [&](const model::HubDevice* there) -> Result<model::HubDevice> {
          model::HubDevice next = *there;
          model::merge_properties(next.twin.reported, values, world_.clock.now());
          return next;
        }));
  }

  /// Writes down who loses the connection.
  class Connections final : public RegistryObserver {
   public:
    void shut_out(const HubName& hub, const std::string& device_id) override {
      ends.insert(hub.host + " " + device_id);
    }
    void desired_changed(const HubName&, const model::HubDevice&, const boost::json::object&) override {}
    std::set<std::string> ends;
  };

  World world_;
  Connections connections_;
  LocalHub hub_{{world_.store(), world_.clock, world_.random, &connections_}};
  int operations_ = 0;
};

TEST_F(LocalHubTest, ADeviceIsCreatedWithItsCredentialAndTwin) {  // hub-api.md 5.1, 5.2
  put({.device_id = "dev-1",
       .credential = model::ThumbprintCredential{"AB", "AB"},
       .iot_edge = true,
       .initial_twin = {{{"site", "ams"}}, {{"interval", 30}}}});
  const auto device = stored("dev-1");
  ASSERT_TRUE(device);
  EXPECT_EQ(std::get<model::ThumbprintCredential>(device->credential).primary, "AB");
  EXPECT_TRUE(device->iot_edge);
  EXPECT_TRUE(device->enabled);
  EXPECT_EQ(device->twin.desired.values, (boost::json::object{{"interval", 30}}));
}

TEST_F(LocalHubTest, TakingADeviceOverKeepsItsTwinAndGeneration) {  // hub-api.md 5.2, R-113
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"AB", "AB"}, .initial_twin = {{{"n", 1}}, {}}});
  const auto before = stored("dev-1");
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"CD", "CD"}, .initial_twin = {{{"n", 2}}, {}}});
  const auto after = stored("dev-1");
  EXPECT_EQ(after->generation_id, before->generation_id);
  EXPECT_NE(after->etag, before->etag);
  EXPECT_EQ(after->twin.tags, before->twin.tags);
  EXPECT_EQ(std::get<model::ThumbprintCredential>(after->credential).primary, "CD");
}

TEST_F(LocalHubTest, TheTwinIsReplacedWhenAskedFor) {
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{}, .initial_twin = {{{"n", 1}}, {}}});
  put({.device_id = "dev-1",
       .credential = model::ThumbprintCredential{},
       .initial_twin = {{{"n", 2}}, {}},
       .existing_twin = HubDeviceSpec::ExistingTwin::kReplace});
  EXPECT_EQ(stored("dev-1")->twin.tags, (boost::json::object{{"n", 2}}));
}

TEST_F(LocalHubTest, AMovedDeviceTakesItsTwinAlongWithItsVersions) {
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"AB", "AB"}, .iot_edge = true});
  const auto before = report("dev-1", {{"count", 1}});
  apply(hub_.stored_put(world_.instance(), link("Hub-B.test"),
                        {.device_id = "dev-1", .credential = model::ThumbprintCredential{"CD", "CD"}},
                        provisioning::StoredLeave{link("Hub-A.test"), true}));
  EXPECT_FALSE(stored("dev-1"));
  const auto after = stored("dev-1", "hub-b.test");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->twin, before.twin);
  EXPECT_EQ(after->twin.reported.version, 2);
  EXPECT_TRUE(after->iot_edge);
  EXPECT_EQ(std::get<model::ThumbprintCredential>(after->credential).primary, "CD");
  EXPECT_THAT(connections_.ends, ::testing::ElementsAre("hub-a.test dev-1"));
}

TEST_F(LocalHubTest, AResetDeviceStartsAfreshElsewhere) {
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"AB", "AB"}});
  report("dev-1", {{"count", 1}});
  apply(hub_.stored_put(world_.instance(), link("Hub-B.test"), {.device_id = "dev-1", .initial_twin = {{{"n", 2}}, {}}},
                        provisioning::StoredLeave{link("Hub-A.test"), false}));
  EXPECT_FALSE(stored("dev-1"));
  EXPECT_EQ(stored("dev-1", "hub-b.test")->twin.reported.version, 1);
  EXPECT_EQ(stored("dev-1", "hub-b.test")->twin.tags, (boost::json::object{{"n", 2}}));
}

TEST_F(LocalHubTest, ARolledCredentialEndsTheOldConnection) {  // hub-api.md 2.4, R-151
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"AB", "AB"}});
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"AB", "AB"}});
  EXPECT_TRUE(connections_.ends.empty());
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{"CD", "CD"}});
  EXPECT_THAT(connections_.ends, ::testing::ElementsAre("hub-a.test dev-1"));
}

TEST_F(LocalHubTest, ADeviceIsNotRemovedWhenItsTwinHasChangedSinceItWasRead) {
  put({.device_id = "dev-1"});
  const auto read = world_.must(hub_.read_device(world_.instance(), link("Hub-A.test"), "dev-1"));
  auto same = hub_.stored_removal(world_.instance(), link("Hub-A.test"), "dev-1", &*read);
  EXPECT_TRUE(same->check(*stored("dev-1")));
  model::HubDevice changed = *stored("dev-1");
  ++changed.twin.version;
  EXPECT_EQ(same->check(changed).error().code, ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(hub_.stored_removal(world_.instance(), link("Hub-A.test"), "dev-1", nullptr)->check(changed));
}

}  // namespace
}  // namespace muster::hub
