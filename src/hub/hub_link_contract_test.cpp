// What every HubLink promises, whoever serves the hub.

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/azure_hubs.h"
#include "hub/linked_hubs.h"
#include "hub/local_hub.h"
#include "hub/test_azure_hub.h"

namespace muster::hub {
namespace {

using model::HubDevice;
using model::SasCredential;
using model::ThumbprintCredential;
using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::HubLink;
using provisioning::PutOutcome;
using provisioning::testing::key_of;
using provisioning::testing::kKeyA;
using provisioning::testing::kKeyB;
using provisioning::testing::World;
using TwinWrite = HubLink::TwinWrite;

const ThumbprintCredential kOldCertificate{std::string(64, 'A'), std::string(64, 'A')};
const ThumbprintCredential kNewCertificate{std::string(64, 'B'), std::string(64, 'B')};

/// Either hub keeps its devices in the store of the world, so that a test sees what a link did.
class HubLinkContract : public ::testing::TestWithParam<model::HubKind> {
 protected:
  HubLinkContract() {
    hub_ = testing::azure_link_of();
    hub_.kind = GetParam();
  }

  PutOutcome put(HubDeviceSpec spec) { return world_.must(hubs_.put_identity(instance(), hub_, std::move(spec))); }
  void write(const std::string& id, boost::json::object tags, boost::json::object desired, TwinWrite how) {
    world_.must(hubs_.write_twin(instance(), hub_, id, {std::move(tags), std::move(desired)}, how));
  }
  std::optional<DeviceData> read(const std::string& id) { return world_.must(hubs_.read_device(instance(), hub_, id)); }
  void remove(const std::string& id) { world_.must(hubs_.delete_device(instance(), hub_, id)); }
  std::optional<HubDevice> at_hub(const std::string& id) {
    return world_.must(world_.store().find_hub_device(instance(), hub_.host_name, id));
  }
  /// What the device or the owner of the hub does.
  void change(const std::string& id, const std::function<void(HubDevice&)>& how) {
    world_.must(world_.store().change_hub_device(instance(), hub_.host_name, id,
                                                 [&](const HubDevice* there) -> Result<HubDevice> {
                                                   HubDevice next = *there;
                                                   how(next);
                                                   return next;
                                                 }));
  }
  model::InstanceId instance() const { return world_.instance(); }

  World world_;
  model::LinkedHub hub_;
  testing::AzureHub elsewhere_{world_, testing::azure_link_of()};
  LocalHub local_{{world_.store(), world_.clock, world_.random}};
  AzureHubs azure_{{elsewhere_, world_.clock, world_.random}, {.calls_per_minute = 1'000'000, .burst = 1000}};
  LinkedHubs hubs_{local_, azure_};
};

TEST_P(HubLinkContract, ADeviceIsCreatedWithItsCredential) {  // hub-api.md 5.1, 5.2
  EXPECT_EQ(put({.device_id = "dev-1", .credential = kOldCertificate, .iot_edge = true}), PutOutcome::kCreated);
  EXPECT_EQ(at_hub("dev-1")->credential, model::HubCredential(kOldCertificate));
  EXPECT_TRUE(at_hub("dev-1")->iot_edge);
  EXPECT_TRUE(at_hub("dev-1")->enabled);
  const SasCredential keys{key_of(kKeyA), key_of(kKeyB)};
  put({.device_id = "dev-2", .credential = keys});
  EXPECT_EQ(at_hub("dev-2")->credential, model::HubCredential(keys));
  EXPECT_FALSE(at_hub("dev-2")->iot_edge);
}

TEST_P(HubLinkContract, EveryDeviceIdFindsItsWay) {  // hub-api.md 1.1, 1.3
  for (const std::string id : {"a:b.c+d%e_f#g*h?i!", "(j),k=l@m;n$o'p", "UPPER"}) {
    EXPECT_EQ(put({.device_id = id, .credential = kOldCertificate}), PutOutcome::kCreated) << id;
    EXPECT_TRUE(at_hub(id)) << id;
    write(id, {{"n", 1}}, {}, TwinWrite::kMerge);
    EXPECT_EQ(read(id)->twin.tags, (boost::json::object{{"n", 1}})) << id;
    remove(id);
    EXPECT_FALSE(at_hub(id)) << id;
  }
}

TEST_P(HubLinkContract, TakingOverKeepsAllButTheCredential) {  // hub-api.md 5.2, R-025
  put({.device_id = "dev-1", .credential = kOldCertificate, .iot_edge = true});
  write("dev-1", {{"site", "ams"}}, {{"interval", 30}}, TwinWrite::kMerge);
  change("dev-1", [](HubDevice& device) {
    device.enabled = false;
    device.status_reason = "stolen";
    device.device_scope = "ms-azure-iot-edge://gateway-1";
    device.parent_scopes = {"ms-azure-iot-edge://gateway-0"};
  });
  const auto before = at_hub("dev-1");
  EXPECT_EQ(put({.device_id = "dev-1", .credential = kNewCertificate, .expected_there = true}), PutOutcome::kFound);
  const auto after = at_hub("dev-1");
  EXPECT_EQ(after->credential, model::HubCredential(kNewCertificate));
  EXPECT_EQ(after->generation_id, before->generation_id);
  EXPECT_EQ(after->twin, before->twin);
  EXPECT_TRUE(after->iot_edge);
  EXPECT_FALSE(after->enabled);
  EXPECT_EQ(after->status_reason, "stolen");
  EXPECT_EQ(after->device_scope, before->device_scope);
  EXPECT_EQ(after->parent_scopes, before->parent_scopes);
}

TEST_P(HubLinkContract, ADeviceThatNobodyExpectedIsTakenOverToo) {  // hub-api.md 5.2
  put({.device_id = "dev-1", .credential = kOldCertificate});
  EXPECT_EQ(put({.device_id = "dev-1", .credential = SasCredential{key_of(kKeyA), key_of(kKeyB)}, .iot_edge = true}),
            PutOutcome::kFound);
  EXPECT_EQ(model::type_of(at_hub("dev-1")->credential), "sas");
  EXPECT_TRUE(at_hub("dev-1")->iot_edge);
}

TEST_P(HubLinkContract, ADeviceThatIsGoneIsMadeAgain) {
  EXPECT_EQ(put({.device_id = "dev-1", .credential = kOldCertificate, .expected_there = true}), PutOutcome::kCreated);
}

TEST_P(HubLinkContract, TwinsAreMergedOrReplaced) {  // hub-api.md 1.5
  put({.device_id = "dev-1", .credential = kOldCertificate});
  write("dev-1", {{"site", "ams"}}, {{"interval", 30}}, TwinWrite::kMerge);
  change("dev-1", [this](HubDevice& device) {
    model::merge_properties(device.twin.reported, {{"count", 1}}, world_.clock.now());
  });
  write("dev-1", {{"floor", 2}}, {{"mode", "x"}}, TwinWrite::kMerge);
  EXPECT_EQ(at_hub("dev-1")->twin.tags, (boost::json::object{{"site", "ams"}, {"floor", 2}}));
  write("dev-1", {{"floor", 3}}, {{"mode", "y"}}, TwinWrite::kReplace);
  const auto twin = at_hub("dev-1")->twin;
  EXPECT_EQ(twin.tags, (boost::json::object{{"floor", 3}}));
  EXPECT_EQ(twin.desired.values, (boost::json::object{{"mode", "y"}}));
  EXPECT_EQ(twin.reported.values, (boost::json::object{{"count", 1}})) << "they are the device's";
}

TEST_P(HubLinkContract, WhatADeviceTakesAlongIsReadWhole) {
  put({.device_id = "dev-1", .credential = kOldCertificate, .iot_edge = true});
  write("dev-1", {{"site", "ams"}}, {{"interval", 30}}, TwinWrite::kMerge);
  change("dev-1", [this](HubDevice& device) {
    model::merge_properties(device.twin.reported, {{"count", 1}}, world_.clock.now());
    device.enabled = false;
    device.status_reason = "stolen";
  });
  const auto data = read("dev-1");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->twin, at_hub("dev-1")->twin) << "with versions and times";
  EXPECT_TRUE(data->iot_edge);
  EXPECT_FALSE(data->enabled);
  EXPECT_EQ(data->status_reason, "stolen");
  EXPECT_FALSE(read("dev-2"));
}

TEST_P(HubLinkContract, WhatADeviceBringsAlongIsKept) {
  DeviceData data;
  data.enabled = false;
  data.status_reason = "stolen";
  data.iot_edge = true;
  put({.device_id = "dev-1", .credential = kOldCertificate, .carried = data});
  EXPECT_FALSE(at_hub("dev-1")->enabled);
  EXPECT_EQ(at_hub("dev-1")->status_reason, "stolen");
  EXPECT_TRUE(at_hub("dev-1")->iot_edge);
}

TEST_P(HubLinkContract, RemovingTwiceIsFine) {
  put({.device_id = "dev-1", .credential = kOldCertificate});
  remove("dev-1");
  remove("dev-1");
  EXPECT_FALSE(at_hub("dev-1"));
}

TEST_P(HubLinkContract, EveryStepMayBeRepeated) {
  for (int i = 0; i < 2; ++i) {
    put({.device_id = "dev-1", .credential = kOldCertificate});
    write("dev-1", {{"site", "ams"}}, {{"interval", 30}}, TwinWrite::kReplace);
    EXPECT_EQ(read("dev-1")->twin.desired.values, (boost::json::object{{"interval", 30}}));
  }
}

TEST_P(HubLinkContract, SaysWhetherItLivesInOurStore) {
  const bool ours = GetParam() == model::HubKind::kLocal;
  EXPECT_EQ(hubs_.stored_put(instance(), hub_, {.device_id = "d"}, std::nullopt).has_value(), ours);
  EXPECT_EQ(hubs_.stored_removal(instance(), hub_, "d", nullptr).has_value(), ours);
}

TEST_P(HubLinkContract, AHubThatAnswersHasNobodyWait) {
  put({.device_id = "dev-1", .credential = kOldCertificate});
  EXPECT_EQ(hubs_.expected_wait(instance(), hub_), std::chrono::seconds(0));
  EXPECT_TRUE(hubs_.answers(instance(), hub_));
}

INSTANTIATE_TEST_SUITE_P(Links, HubLinkContract, ::testing::Values(model::HubKind::kLocal, model::HubKind::kAzure),
                         [](const auto& info) { return info.param == model::HubKind::kLocal ? "local" : "azure"; });

}  // namespace
}  // namespace muster::hub
