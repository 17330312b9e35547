// Devices that move between hubs: all of a move that happens in the store happens at once, and what is left elsewhere
// is not forgotten.

#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::HubDevice;
using model::Registration;
using model::RegistrationStatus;
using testing::ElementsAre;

const Enrollment kEntry = individual("unit-1", keys("primary", "secondary"));
const std::string kHubA = "hub-a.example.net";
const std::string kHubB = "hub-b.example.net";

class StoreMoves : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    HubDevice device = make_device("unit-1", model::ThumbprintCredential{"AA", "AA"});
    device.hub = kHubA;
    device.status_reason = "made at a";
    ASSERT_TRUE(wait_for(store().change_hub_device(kInstance, kHubA, "unit-1", put(device))));
    ASSERT_TRUE(wait_for(store().begin_operation(kInstance, make_operation("o1", "unit-1", kEntry),
                                                 make_record("unit-1", kEntry), nullptr)));
  }

  static Registration assigned_to(const std::string& hub) {
    Registration record = make_record("unit-1", kEntry);
    record.status = RegistrationStatus::kAssigned;
    record.assigned_hub = hub;
    record.device_id = "unit-1";
    return record;
  }
  /// To B with what it was at A.
  HubDeviceChange move() {
    return {.hub = kHubB,
            .device_id = "unit-1",
            .change = [](const HubDevice* there, const HubDevice* left) -> Result<HubDevice> {
              EXPECT_EQ(there, nullptr);
              if (left == nullptr) return fail(ErrorCode::kNotFound, "nothing to move");
              HubDevice next = *left;
              next.hub = kHubB;
              return next;
            },
            .leaves = kHubA,
            .committed = [this] { committed_ = true; }};
  }
  Result<void> complete(OperationEnd end) {
    return wait_for(store().complete_operation(kInstance, "o1", std::move(end)));
  }
  std::optional<HubDevice> at(const std::string& hub) {
    return wait_for(store().find_hub_device(kInstance, hub, "unit-1")).value();
  }
  std::vector<std::string> leftovers(const std::string& hub) {
    std::vector<std::string> out;
    for (const auto& each : wait_for(store().list_hub_leftovers(kInstance, hub, "", 10)).value()) {
      out.push_back(each.device_id);
    }
    return out;
  }
  bool note(const std::string& hub, const std::string& device_id) {
    return wait_for(store().note_hub_leftover(kInstance, {hub, device_id, "Unit-1", kNow})).value();
  }

  bool committed_ = false;
};

TEST_P(StoreMoves, ADeviceMovesWithItsRecord) {
  ASSERT_TRUE(complete({.record = assigned_to(kHubB), .device = move()}));
  EXPECT_FALSE(at(kHubA));
  EXPECT_EQ(at(kHubB)->status_reason, "made at a");
  EXPECT_TRUE(committed_);
}

TEST_P(StoreMoves, ADeviceStaysWhenItsOperationIsOver) {
  ASSERT_TRUE(complete({assigned_to(kHubA)}));
  EXPECT_EQ(code_of(complete({.record = assigned_to(kHubB), .device = move()})), ErrorCode::kConflict);
  EXPECT_TRUE(at(kHubA));
  EXPECT_FALSE(at(kHubB));
  EXPECT_FALSE(committed_);
}

TEST_P(StoreMoves, ADeviceThatCannotBeWrittenStaysWithItsRecord) {
  auto failing = move();
  failing.change = [](const HubDevice*, const HubDevice*) -> Result<HubDevice> {
    return fail(ErrorCode::kPreconditionFailed, "no");
  };
  EXPECT_EQ(code_of(complete({.record = assigned_to(kHubB), .device = std::move(failing)})),
            ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(at(kHubA));
  EXPECT_TRUE(wait_for(store().find_operation(kInstance, "o1")).value()->operation.open);
}

TEST_P(StoreMoves, ADeviceGoesFromHereWhenItIsAssignedElsewhere) {
  ASSERT_TRUE(complete(
      {.record = assigned_to("azure.example.net"), .removal = HubDeviceRemoval{kHubA, "unit-1", allow<HubDevice>()}}));
  EXPECT_FALSE(at(kHubA));
  EXPECT_EQ(wait_for(store().find_registration(kInstance, "unit-1")).value()->assigned_hub, "azure.example.net");
}

TEST_P(StoreMoves, ADeviceThatIsNotThereIsRemovedAllTheSame) {
  ASSERT_TRUE(complete(
      {.record = assigned_to("azure.example.net"), .removal = HubDeviceRemoval{kHubB, "unit-1", allow<HubDevice>()}}));
}

TEST_P(StoreMoves, ARemovalThatIsNotAllowedLeavesEverything) {
  auto refuse = [](const HubDevice&) -> Result<void> { return fail(ErrorCode::kPreconditionFailed, "it changed"); };
  EXPECT_EQ(code_of(complete(
                {.record = assigned_to("azure.example.net"), .removal = HubDeviceRemoval{kHubA, "unit-1", refuse}})),
            ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(at(kHubA));
  EXPECT_NE(wait_for(store().find_registration(kInstance, "unit-1")).value()->assigned_hub, "azure.example.net");
}

TEST_P(StoreMoves, LeftoversAreNotedOnceAndKept) {
  EXPECT_FALSE(note("Azure.example.net", "Unit-1"));
  EXPECT_TRUE(note("azure.example.net", "Unit-1"));
  EXPECT_FALSE(note("azure.example.net", "unit-1")) << "device ids are compared with case (hub-api.md 5.1)";
  EXPECT_FALSE(note("other.example.net", "unit-1"));
  reopen();
  EXPECT_THAT(leftovers("AZURE.example.net"), ElementsAre("Unit-1", "unit-1"));
  EXPECT_EQ(wait_for(store().count_hub_leftovers(kInstance, "azure.example.net")).value(), 2U);
  const auto page = wait_for(store().list_hub_leftovers(kInstance, "azure.example.net", "Unit-1", 10)).value();
  EXPECT_THAT(page, ElementsAre(HubLeftover{"azure.example.net", "unit-1", "Unit-1", kNow}));
  ASSERT_TRUE(wait_for(store().drop_hub_leftover(kInstance, "azure.example.net", "unit-1")));
  EXPECT_THAT(leftovers("azure.example.net"), ElementsAre("Unit-1"));
}

TEST_P(StoreMoves, ADeviceIsNoLeftoverWhereItIsAssigned) {
  note("new.example.net", "unit-1");
  const HubLeftover left{"old.example.net", "unit-1", "unit-1", kNow};
  ASSERT_TRUE(complete({.record = assigned_to("NEW.example.net"), .leftover = left}));
  EXPECT_THAT(leftovers("new.example.net"), ElementsAre());
  EXPECT_THAT(leftovers("old.example.net"), ElementsAre("unit-1"));
}

TEST_P(StoreMoves, AFailedOperationLeavesWhatItBegan) {
  note("new.example.net", "unit-1");
  Registration record = assigned_to("new.example.net");
  record.status = RegistrationStatus::kFailed;
  ASSERT_TRUE(complete({record}));
  EXPECT_THAT(leftovers("new.example.net"), ElementsAre("unit-1"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreMoves, testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace muster::store
