#include "hub/local_hub.h"

#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using provisioning::HubDeviceSpec;
using provisioning::testing::World;

class LocalHubTest : public ::testing::Test {
 protected:
  void put(HubDeviceSpec spec) { world_.must(hub_.put_device(world_.instance(), link(), std::move(spec))); }
  model::LinkedHub link(model::HubKind kind = model::HubKind::kLocal) {
    model::LinkedHub out;
    out.host_name = "Hub-A.test";
    out.kind = kind;
    return out;
  }
  std::optional<model::HubDevice> stored(const std::string& id) {
    return world_.must(world_.store().find_hub_device(world_.instance(), "hub-a.test", id));
  }

  World world_;
  LocalHub hub_{world_.store(), world_.clock, world_.random};
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

TEST_F(LocalHubTest, DeletingTwiceIsFine) {
  put({.device_id = "dev-1", .credential = model::ThumbprintCredential{}});
  for (int i = 0; i < 2; ++i) world_.must(hub_.delete_device(world_.instance(), link(), "dev-1"));
  EXPECT_FALSE(stored("dev-1"));
  EXPECT_FALSE(world_.must(hub_.read_twin(world_.instance(), link(), "dev-1")));
}

TEST_F(LocalHubTest, AHubOfAnotherKindIsRefused) {
  const auto put = wait_for(hub_.put_device(world_.instance(), link(model::HubKind::kAzure), {.device_id = "d"}));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace muster::hub
