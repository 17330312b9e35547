#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::RegistrationStatus;
using testing::ElementsAre;

const Enrollment kEntry = individual("unit-1", keys("p", "s"));
const Enrollment kGroup = group("line7", keys("p", "s"));

class StoreRegistrations : public StoreContract {
 protected:
  Result<model::Operation> begin(const model::Operation& operation, const model::Registration& record) {
    auto begun = wait_for(store().begin_operation(kInstance, operation, record, nullptr));
    if (!begun) return std::unexpected(begun.error());
    return (*begun)->operation;
  }
  Result<void> complete(const std::string& id, const model::Registration& record) {
    return wait_for(store().complete_operation(kInstance, id, {record}));
  }
  OperationState state(const std::string& id) { return *wait_for(store().find_operation(kInstance, id)).value(); }
  std::optional<model::Registration> record(const std::string& id) {
    return copy_of(wait_for(store().find_registration(kInstance, id)).value());
  }
  /// Registers a device to the end.
  void assign(const std::string& operation, const std::string& id, const Enrollment& entry) {
    ASSERT_TRUE(begin(make_operation(operation, id, entry), make_record(id, entry)));
    ASSERT_TRUE(complete(operation, assigned(id, entry)));
  }
  static model::Registration assigned(const std::string& id, const Enrollment& entry) {
    model::Registration result = make_record(id, entry);
    result.status = RegistrationStatus::kAssigned;
    result.substatus = model::Substatus::kInitialAssignment;
    result.assigned_hub = "hub-a.example.net";
    result.device_id = id;
    result.etag = "r2";
    return result;
  }
};

TEST_P(StoreRegistrations, AnOperationGoesFromAssigningToAssigned) {
  const model::Operation operation = make_operation("o1", "unit-1", kEntry);
  EXPECT_EQ(begin(operation, make_record("unit-1", kEntry)), operation);
  EXPECT_EQ(state("o1").operation, operation);
  ASSERT_TRUE(state("o1").registration);
  EXPECT_EQ(state("o1").registration->status, RegistrationStatus::kAssigning);
  ASSERT_TRUE(complete("o1", assigned("unit-1", kEntry)));
  reopen();
  EXPECT_FALSE(state("o1").operation.open);
  EXPECT_EQ(state("o1").registration, assigned("unit-1", kEntry));
  EXPECT_EQ(record("UNIT-1"), assigned("unit-1", kEntry));
}

/// Operations that end in the transaction that begins them.
class StoreOperationsAtOnce : public StoreRegistrations {
 protected:
  Result<SharedOperationState> at_once(const model::Operation& operation, EndAtOnce end) {
    return wait_for(store().begin_operation(kInstance, operation, make_record("unit-1", kEntry), std::move(end)));
  }
  /// Ends with the device assigned and known to its hub, and with the attempt.
  static std::optional<OperationEnd> end(const model::Registration& record) {
    EXPECT_EQ(record.status, RegistrationStatus::kAssigning);
    HubDeviceChange device{"hub-a.example.net", "unit-1",
                           [](const model::HubDevice*, const model::HubDevice*) -> Result<model::HubDevice> {
                             return make_device("unit-1", model::ThumbprintCredential{"AA", "AA"});
                           }};
    model::Attempt attempt;
    attempt.tracking_id = "t1";
    attempt.outcome = model::AttemptOutcome::kAssigned;
    return OperationEnd{assigned("unit-1", kEntry), std::move(device), std::move(attempt)};
  }
  std::optional<model::HubDevice> device() {
    return wait_for(store().find_hub_device(kInstance, "hub-a.example.net", "unit-1")).value();
  }
  bool has_attempt() { return wait_for(store().find_attempt(kInstance, "t1")).value().has_value(); }
};

TEST_P(StoreOperationsAtOnce, WriteAllThatBelongsToThem) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  const auto begun = at_once(make_operation("o1", "unit-1", kEntry), end);
  ASSERT_TRUE(begun);
  EXPECT_FALSE((*begun)->operation.open);
  EXPECT_EQ((*begun)->registration, assigned("unit-1", kEntry));
  for (const bool again : {false, true}) {
    if (again) reopen();
    EXPECT_FALSE(state("o1").operation.open);
    EXPECT_EQ(state("o1").registration, assigned("unit-1", kEntry));
    EXPECT_EQ(record("unit-1"), assigned("unit-1", kEntry));
    EXPECT_TRUE(device());
    EXPECT_TRUE(has_attempt());
    EXPECT_THAT(wait_for(store().open_operations(9)).value(), testing::IsEmpty());
  }
}

TEST_P(StoreOperationsAtOnce, StayOpenWhenTheyTakeLonger) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  const auto begun = at_once(make_operation("o1", "unit-1", kEntry), [](const auto&) { return std::nullopt; });
  ASSERT_TRUE(begun);
  EXPECT_TRUE((*begun)->operation.open);
  EXPECT_TRUE(state("o1").operation.open);
  EXPECT_EQ(record("unit-1")->status, RegistrationStatus::kAssigning);
}

TEST_P(StoreOperationsAtOnce, StayOpenWhenTheEntryIsGoneOrDisabled) {
  EXPECT_TRUE(at_once(make_operation("o1", "unit-1", kEntry), end).value()->operation.open);
  Enrollment disabled = kEntry;
  disabled.status = model::ProvisioningStatus::kDisabled;
  ASSERT_TRUE(put_enrollment(store(), disabled));
  model::Operation other = make_operation("o2", "unit-1", kEntry);
  other.thumbprint = "AA";
  EXPECT_TRUE(at_once(other, end).value()->operation.open);
  EXPECT_FALSE(device());
  EXPECT_FALSE(has_attempt());
}

TEST_P(StoreOperationsAtOnce, AreNotBegunWhileTheSameOneIsOpen) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  ASSERT_TRUE(begin(make_operation("o1", "unit-1", kEntry), make_record("unit-1", kEntry)));
  const auto joined = at_once(make_operation("o2", "unit-1", kEntry), end);
  ASSERT_TRUE(joined);
  EXPECT_EQ((*joined)->operation.id, "o1");
  EXPECT_TRUE((*joined)->operation.open);
  EXPECT_FALSE((*joined)->registration);
  EXPECT_FALSE(device());
}

TEST_P(StoreOperationsAtOnce, AreNotBegunWhenTheHubsRegistryFails) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  const auto begun = at_once(make_operation("o1", "unit-1", kEntry), [](const model::Registration& record) {
    auto ending = end(record);
    ending->device->change = [](const model::HubDevice*, const model::HubDevice*) -> Result<model::HubDevice> {
      return fail(ErrorCode::kInternal, "no");
    };
    return ending;
  });
  EXPECT_EQ(code_of(begun), ErrorCode::kInternal);
  EXPECT_EQ(code_of(wait_for(store().find_operation(kInstance, "o1"))), ErrorCode::kNotFound);
  EXPECT_FALSE(record("unit-1"));
  EXPECT_FALSE(has_attempt());
}

TEST_P(StoreRegistrations, ALaterOperationKeepsAssignmentSpellingAndCreation) {  // design section 9
  assign("o1", "Unit-1", kEntry);
  model::Registration later = make_record("UNIT-1", kEntry);
  later.created = later.updated = kNow + std::chrono::hours(1);
  later.etag = "r3";
  ASSERT_TRUE(begin(make_operation("o2", "UNIT-1", kEntry), later));
  const auto now = record("unit-1");
  ASSERT_TRUE(now);
  EXPECT_EQ(now->registration_id, "Unit-1");
  EXPECT_EQ(now->created, kNow);
  EXPECT_EQ(now->updated, later.updated);
  EXPECT_EQ(now->etag, "r3");
  EXPECT_EQ(now->status, RegistrationStatus::kAssigning);
  EXPECT_EQ(now->assigned_hub, "hub-a.example.net");
  EXPECT_EQ(now->device_id, "Unit-1");
}

TEST_P(StoreRegistrations, TheSameRegistrationAgainReturnsTheOpenOperation) {
  ASSERT_TRUE(begin(make_operation("o1", "unit-1", kEntry), make_record("unit-1", kEntry)));
  const auto before = record("unit-1");
  model::Registration again = make_record("unit-1", kEntry);
  again.etag = "r9";
  const auto same = begin(make_operation("o2", "UNIT-1", kEntry), again);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->id, "o1");
  EXPECT_EQ(record("unit-1"), before) << "nothing is written";
  EXPECT_EQ(code_of(wait_for(store().find_operation(kInstance, "o2"))), ErrorCode::kNotFound);
}

TEST_P(StoreRegistrations, AnotherCredentialSupersedesTheOpenOperation) {  // device-api.md 9
  ASSERT_TRUE(begin(make_operation("o1", "unit-1", kEntry), make_record("unit-1", kEntry)));
  model::Operation other = make_operation("o2", "unit-1", kEntry);
  other.thumbprint = std::string(64, 'B');
  EXPECT_EQ(begin(other, make_record("unit-1", kEntry))->id, "o2");
  EXPECT_EQ(begin(make_operation("o3", "unit-1", kGroup), make_record("unit-1", kGroup))->id, "o3")
      << "another entry does, too";
  for (const char* superseded : {"o1", "o2"}) {
    EXPECT_EQ(code_of(complete(superseded, assigned("unit-1", kEntry))), ErrorCode::kConflict);
    EXPECT_FALSE(state(superseded).operation.open);
    EXPECT_EQ(state(superseded).registration->status, RegistrationStatus::kAssigning);
  }
  ASSERT_TRUE(complete("o3", assigned("unit-1", kGroup)));
  EXPECT_EQ(state("o1").registration, assigned("unit-1", kGroup)) << "it shows the device's record";
}

TEST_P(StoreRegistrations, AResultIsWrittenOnce) {
  assign("o1", "unit-1", kEntry);
  model::Registration second = assigned("unit-1", kEntry);
  second.status = RegistrationStatus::kFailed;
  EXPECT_EQ(code_of(complete("o1", second)), ErrorCode::kConflict);
  EXPECT_EQ(record("unit-1")->status, RegistrationStatus::kAssigned);
  EXPECT_EQ(code_of(complete("unknown", second)), ErrorCode::kNotFound);
}

TEST_P(StoreRegistrations, OpenOperationsSurviveTheProcess) {
  assign("o1", "done", kEntry);
  model::Operation late = make_operation("o2", "late", kEntry);
  late.begun = kNow + std::chrono::seconds(2);
  ASSERT_TRUE(begin(late, make_record("late", kEntry)));
  const model::Operation early = make_operation("o3", "early", kEntry);
  ASSERT_TRUE(begin(early, make_record("early", kEntry)));
  reopen();
  EXPECT_THAT(wait_for(store().open_operations(10)).value(),
              ElementsAre(std::pair(kInstance, early), std::pair(kInstance, late)));
  EXPECT_EQ(wait_for(store().open_operations(1)).value().size(), 1U);
}

TEST_P(StoreRegistrations, PurgesClosedOperationsOnly) {
  assign("o1", "old", kEntry);
  ASSERT_TRUE(begin(make_operation("o2", "open", kEntry), make_record("open", kEntry)));
  EXPECT_EQ(wait_for(store().purge_operations(kNow)), 0U) << "the moment itself is not before";
  EXPECT_EQ(wait_for(store().purge_operations(kNow + std::chrono::microseconds(1))), 1U);
  EXPECT_EQ(code_of(wait_for(store().find_operation(kInstance, "o1"))), ErrorCode::kNotFound);
  EXPECT_TRUE(state("o2").operation.open);
  EXPECT_TRUE(record("old")) << "the record stays";
}

TEST_P(StoreRegistrations, DeletingAnIndividualEntryEndsItsRecord) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  assign("o1", "unit-1", kEntry);
  ASSERT_TRUE(begin(make_operation("o2", "unit-1", kEntry), make_record("unit-1", kEntry)));
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, kEntry.kind, "UNIT-1", allow<Enrollment>())));
  EXPECT_FALSE(record("unit-1"));
  EXPECT_EQ(code_of(complete("o2", assigned("unit-1", kEntry))), ErrorCode::kConflict);
  EXPECT_FALSE(state("o2").registration);
}

TEST_P(StoreRegistrations, DeletingAnUnusedIndividualEntryKeepsTheRecordOfTheGroup) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  assign("o1", "unit-1", kGroup);
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, kEntry.kind, "unit-1", allow<Enrollment>())));
  EXPECT_TRUE(record("unit-1"));
}

TEST_P(StoreRegistrations, DeletingAGroupKeepsItsRecords) {
  ASSERT_TRUE(put_enrollment(store(), kGroup));
  assign("o1", "unit-1", kGroup);
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, kGroup.kind, "line7", allow<Enrollment>())));
  EXPECT_TRUE(record("unit-1"));
}

TEST_P(StoreRegistrations, ARemovedRecordDoesNotComeBackByAnOldOperation) {
  ASSERT_TRUE(begin(make_operation("o1", "unit-1", kEntry), make_record("unit-1", kEntry)));
  const auto refuse = [](const model::Registration& current) {
    return model::IfMatch::exactly("stale").check_delete(current.etag);
  };
  EXPECT_EQ(code_of(wait_for(store().remove_registration(kInstance, "unit-1", refuse))),
            ErrorCode::kPreconditionFailed);
  ASSERT_TRUE(wait_for(store().remove_registration(kInstance, "Unit-1", allow<model::Registration>())));
  EXPECT_EQ(code_of(complete("o1", assigned("unit-1", kEntry))), ErrorCode::kConflict);
  EXPECT_FALSE(record("unit-1"));
  EXPECT_EQ(code_of(wait_for(store().remove_registration(kInstance, "unit-1", allow<model::Registration>()))),
            ErrorCode::kNotFound);
}

TEST_P(StoreRegistrations, ListsTheRecordsOfAGroupInPages) {  // R-037, service-api.md 5
  assign("o1", "c", kGroup);
  assign("o2", "A", kGroup);
  assign("o3", "b", kGroup);
  assign("o4", "moved", kGroup);
  assign("o5", "moved", group("line8", keys("p", "s")));
  assign("o6", "alone", individual("line7", keys("p", "s")));
  std::vector<std::string> ids;
  std::string after;
  do {
    const auto page = wait_for(store().list_group_registrations(kInstance, "LINE7", after, 2)).value();
    for (const auto& found : page.items) ids.push_back(found.registration_id);
    after = page.next;
  } while (!after.empty());
  EXPECT_THAT(ids, ElementsAre("A", "b", "c"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreOperationsAtOnce, testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, StoreRegistrations, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace muster::store
