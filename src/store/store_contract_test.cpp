#include "store/store_contract.h"

#include "store/sqlite/sqlite_store.h"

namespace muster::store {

std::vector<Engine> engines() {
  return {{"sqlite",
           [](const std::filesystem::path& path) { return open_sqlite_store({.path = path}, test_sealer()).value(); }}};
}

void StoreContract::SetUp() {
  store_ = GetParam().open(folder_.database());
  ASSERT_TRUE(wait_for(store().create_instance(made_)));
}

void StoreContract::reopen() {
  store_.reset();
  store_ = GetParam().open(folder_.database());
}

namespace {

using testing::ElementsAre;

TEST_P(StoreContract, ListsInstancesInTheOrderOfCreation) {
  model::InstanceConfig second = make_config("0ne00000000", "other-dps");
  second.instance.created = kNow + std::chrono::seconds(1);
  ASSERT_TRUE(wait_for(store().create_instance(second)));
  const auto listed = wait_for(store().list_instances());
  ASSERT_TRUE(listed);
  EXPECT_THAT(*listed, ElementsAre(made().instance, second.instance));
}

TEST_P(StoreContract, RefusesAnIdScopeOrNameThatIsTaken) {
  EXPECT_EQ(code_of(wait_for(store().create_instance(make_config(kInstance, "third-dps")))), ErrorCode::kConflict);
  EXPECT_EQ(code_of(wait_for(store().create_instance(make_config("0ne0000000b", "PLANT-DPS")))), ErrorCode::kConflict);
  EXPECT_EQ(wait_for(store().list_instances())->size(), 1U);
}

TEST_P(StoreContract, ShowsTheWholeConfigurationAlsoAfterReopening) {
  for (int round = 0; round < 2; ++round) {
    const auto config = wait_for(store().config(kInstance));
    ASSERT_TRUE(config);
    EXPECT_EQ((*config)->instance, made().instance);
    EXPECT_EQ((*config)->policies, made().policies);
    EXPECT_EQ((*config)->hubs, made().hubs);
    EXPECT_TRUE((*config)->certificates.empty());
    reopen();
  }
}

TEST_P(StoreContract, CanBeAskedWhetherItWrites) {
  EXPECT_TRUE(wait_for(store().check_writable()));
  EXPECT_TRUE(wait_for(store().check_writable()));
}

TEST_P(StoreContract, KnowsNothingOfAnUnknownInstance) {
  EXPECT_EQ(code_of(wait_for(store().config("0neffffffff"))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(wait_for(store().change_instance("0neffffffff", put(made())))), ErrorCode::kNotFound);
  const Enrollment entry = individual("a", keys("p", "s"));
  EXPECT_EQ(code_of(wait_for(store().change_enrollment("0neffffffff", entry.kind, "a", put(entry)))),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(wait_for(store().begin_operation("0neffffffff", make_operation("o", "a", entry),
                                                     make_record("a", entry), nullptr))),
            ErrorCode::kNotFound);
}

TEST_P(StoreContract, ConfigurationIsCachedUntilItChanges) {
  const auto before = wait_for(store().config(kInstance)).value();
  EXPECT_EQ(wait_for(store().config(kInstance)).value(), before);
  ASSERT_TRUE(wait_for(store().change_instance(kInstance, [](const model::InstanceConfig* current) {
    model::InstanceConfig next = *current;
    next.hubs.pop_back();
    next.instance.etag = "e2";
    return Result<model::InstanceConfig>(next);
  })));
  const auto after = wait_for(store().config(kInstance)).value();
  EXPECT_EQ(after->hubs.size(), 1U);
  EXPECT_EQ(after->instance.etag, "e2");
  EXPECT_EQ(before->hubs.size(), 2U) << "a snapshot in use never changes";
}

TEST_P(StoreContract, ChangingAnInstanceKeepsItsCertificates) {
  const model::CaCertificate root{"Root", make_certificate("root"), true, "c1", kNow, kNow};
  ASSERT_TRUE(wait_for(store().change_certificate(kInstance, "Root", put(root))));
  model::InstanceConfig without = made();
  without.instance.name = "renamed-dps";
  ASSERT_TRUE(wait_for(store().change_instance(kInstance, put(without))));
  const auto config = wait_for(store().config(kInstance)).value();
  EXPECT_EQ(config->instance.name, "renamed-dps");
  EXPECT_THAT(config->certificates, ElementsAre(root));
}

TEST_P(StoreContract, ARefusedChangeOfAnInstanceChangesNothing) {
  EXPECT_EQ(code_of(wait_for(store().change_instance(kInstance,
                                                     [](const model::InstanceConfig*) -> Result<model::InstanceConfig> {
                                                       return fail(ErrorCode::kPreconditionFailed, "etag");
                                                     }))),
            ErrorCode::kPreconditionFailed);
  model::InstanceConfig twice = made();
  twice.hubs.push_back(twice.hubs.front());
  twice.hubs.back().host_name = "HUB-B.example.net";
  EXPECT_EQ(code_of(wait_for(store().change_instance(kInstance, put(twice)))), ErrorCode::kConflict);
  EXPECT_EQ(wait_for(store().config(kInstance)).value()->hubs, made().hubs);
}

TEST_P(StoreContract, CertificatesAreNamedWithoutCase) {
  const model::CaCertificate root{"Line7", make_certificate("root"), false, "c1", kNow, kNow};
  ASSERT_TRUE(wait_for(store().change_certificate(kInstance, "line7", put(root))));
  ASSERT_TRUE(wait_for(store().change_certificate(kInstance, "LINE7", [](const model::CaCertificate* current) {
    model::CaCertificate next = *current;
    next.verified = true;
    return Result<model::CaCertificate>(next);
  })));
  reopen();
  const auto config = wait_for(store().config(kInstance)).value();
  ASSERT_EQ(config->certificates.size(), 1U);
  EXPECT_TRUE(config->certificates.front().verified);
  EXPECT_EQ(config->certificates.front().certificate, root.certificate);
}

TEST_P(StoreContract, RemovesACertificateOnlyWhenTheCheckAllows) {
  const model::CaCertificate root{"root", make_certificate("root"), true, "c1", kNow, kNow};
  ASSERT_TRUE(wait_for(store().change_certificate(kInstance, "root", put(root))));
  EXPECT_EQ(code_of(wait_for(store().remove_certificate(kInstance, "root",
                                                        [](const model::CaCertificate&) -> Result<void> {
                                                          return fail(ErrorCode::kPreconditionFailed, "no");
                                                        }))),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(wait_for(store().config(kInstance)).value()->certificates.size(), 1U);
  EXPECT_TRUE(wait_for(store().remove_certificate(kInstance, "ROOT", allow<model::CaCertificate>())));
  EXPECT_TRUE(wait_for(store().config(kInstance)).value()->certificates.empty());
  EXPECT_EQ(code_of(wait_for(store().remove_certificate(kInstance, "root", allow<model::CaCertificate>()))),
            ErrorCode::kNotFound);
}

TEST_P(StoreContract, HubDevicesAreKeptWithTheirCredentials) {
  const auto sas = make_device("Pump-1", model::SasCredential{secret("device-primary"), secret("device-secondary")});
  const auto x509 = make_device("pump-1", model::ThumbprintCredential{std::string(64, 'A'), ""});
  for (const auto& device : {sas, x509}) {
    ASSERT_EQ(wait_for(store().change_hub_device(kInstance, "HUB-A.example.net", device.device_id, put(device))),
              device);
  }
  reopen();
  EXPECT_EQ(wait_for(store().find_hub_device(kInstance, "hub-a.example.net", "Pump-1")).value(), sas);
  EXPECT_EQ(wait_for(store().find_hub_device(kInstance, "Hub-A.example.net", "pump-1")).value(), x509)
      << "device ids are compared with case (hub-api.md 5.1)";
  EXPECT_FALSE(wait_for(store().find_hub_device(kInstance, "hub-b.example.net", "pump-1")).value());
}

TEST_P(StoreContract, HubDevicesAreRemovedOnlyWhenTheCheckAllows) {
  const auto device = make_device("pump", model::SasCredential{secret("p"), secret("s")});
  ASSERT_TRUE(wait_for(store().change_hub_device(kInstance, device.hub, "pump", put(device))));
  const auto refuse = [](const model::HubDevice& current) -> Result<void> {
    return fail(ErrorCode::kPreconditionFailed, current.etag);
  };
  EXPECT_EQ(code_of(wait_for(store().remove_hub_device(kInstance, device.hub, "pump", refuse))),
            ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(wait_for(store().remove_hub_device(kInstance, device.hub, "pump", allow<model::HubDevice>())));
  EXPECT_EQ(code_of(wait_for(store().remove_hub_device(kInstance, device.hub, "pump", allow<model::HubDevice>()))),
            ErrorCode::kNotFound);
}

TEST_P(StoreContract, HubDevicesAreListedInPagesAndCounted) {
  for (const std::string id : {"a", "B", "c"}) {
    auto device = make_device(id, model::ThumbprintCredential{std::string(64, 'A'), ""});
    device.enabled = id != "c";
    ASSERT_TRUE(wait_for(store().change_hub_device(kInstance, device.hub, id, put(device))));
  }
  auto elsewhere = make_device("other", model::NoCredential{});
  elsewhere.hub = "hub-b.example.net";
  ASSERT_TRUE(wait_for(store().change_hub_device(kInstance, elsewhere.hub, "other", put(elsewhere))));
  const auto ids = [](const Page<model::HubDevice>& page) {
    std::vector<std::string> out;
    for (const auto& device : page.items) out.push_back(device.device_id);
    return out;
  };
  const auto first = wait_for(store().list_hub_devices(kInstance, "HUB-A.example.net", "", 2));
  ASSERT_TRUE(first);
  EXPECT_THAT(ids(*first), testing::ElementsAre("B", "a"));
  EXPECT_EQ(first->next, "a");
  const auto second = wait_for(store().list_hub_devices(kInstance, "hub-a.example.net", first->next, 2));
  ASSERT_TRUE(second);
  EXPECT_THAT(ids(*second), testing::ElementsAre("c"));
  EXPECT_EQ(second->next, "");
  const auto count = wait_for(store().count_hub_devices(kInstance, "hub-a.example.net"));
  ASSERT_TRUE(count);
  EXPECT_EQ(count->all, 3U);
  EXPECT_EQ(count->enabled, 2U);
}

TEST_P(StoreContract, PoliciesOfHubsOutliveTheirLink) {
  SystemRandom random;
  model::HubPolicies made;
  const auto given = [&](const model::InstanceConfig* current) -> Result<model::InstanceConfig> {
    model::InstanceConfig next = *current;
    next.hubs.resize(1);
    next.hubs.front().host_name = "Hub-A.example.net";
    EXPECT_TRUE(next.complete_hub_policies(random));
    EXPECT_FALSE(next.complete_hub_policies(random));
    made = next.hub_policies;
    return next;
  };
  ASSERT_TRUE(wait_for(store().change_instance(kInstance, given)));
  EXPECT_EQ(made.at("hub-a.example.net").size(), 5U);
  const auto unlinked = [](const model::InstanceConfig* current) -> Result<model::InstanceConfig> {
    model::InstanceConfig next = *current;
    next.hubs.clear();
    return next;
  };
  ASSERT_TRUE(wait_for(store().change_instance(kInstance, unlinked)));
  reopen();
  EXPECT_EQ(wait_for(store().config(kInstance)).value()->hub_policies, made);
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace muster::store
