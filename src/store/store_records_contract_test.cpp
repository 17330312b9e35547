#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::RegistrationStatus;

const Enrollment kEntry = individual("unit-1", keys("p", "s"));

/// What a reader saw before a write, the absence of a record included, must not be what he sees after it.
class StoreRecords : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    EXPECT_FALSE(found("unit-1"));
  }
  std::shared_ptr<const model::Registration> found(const std::string& id) {
    return wait_for(store().find_registration(kInstance, id)).value();
  }
  RegistrationStatus status() {
    const auto record = found("unit-1");
    EXPECT_TRUE(record);
    return record ? record->status : RegistrationStatus::kUnassigned;
  }
  bool begin(const model::Operation& operation, EndAtOnce end = nullptr) {
    return wait_for(store().begin_operation(kInstance, operation, make_record(operation.registration_id, kEntry),
                                            std::move(end)))
        .has_value();
  }
  void assign(const std::string& operation, const std::string& id) {
    ASSERT_TRUE(begin(make_operation(operation, id, kEntry)));
    ASSERT_TRUE(wait_for(store().complete_operation(kInstance, operation, {assigned(id)})));
  }
  static model::Registration assigned(const std::string& id) {
    model::Registration record = make_record(id, kEntry);
    record.status = RegistrationStatus::kAssigned;
    return record;
  }
};

TEST_P(StoreRecords, ABegunOperationShowsAndItsEndToo) {
  ASSERT_TRUE(begin(make_operation("o1", "Unit-1", kEntry)));
  EXPECT_EQ(status(), RegistrationStatus::kAssigning);
  ASSERT_TRUE(wait_for(store().complete_operation(kInstance, "o1", {assigned("unit-1")})));
  EXPECT_EQ(status(), RegistrationStatus::kAssigned);
  ASSERT_TRUE(begin(make_operation("o2", "unit-1", kEntry)));
  EXPECT_EQ(status(), RegistrationStatus::kAssigning);
}

TEST_P(StoreRecords, AnOperationThatEndsAtOnceShows) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  ASSERT_TRUE(begin(make_operation("o1", "unit-1", kEntry),
                    [](const model::Registration&) { return std::optional(OperationEnd{assigned("unit-1")}); }));
  EXPECT_EQ(status(), RegistrationStatus::kAssigned);
}

TEST_P(StoreRecords, ARemovedRecordIsGone) {
  assign("o1", "unit-1");
  ASSERT_TRUE(found("unit-1"));
  ASSERT_TRUE(wait_for(store().remove_registration(kInstance, "UNIT-1", allow<model::Registration>())));
  EXPECT_FALSE(found("unit-1"));
}

TEST_P(StoreRecords, TheRecordOfARemovedEntryIsGone) {
  ASSERT_TRUE(put_enrollment(store(), kEntry));
  assign("o1", "unit-1");
  ASSERT_TRUE(found("unit-1"));
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, kEntry.kind, "UNIT-1", allow<Enrollment>())));
  EXPECT_FALSE(found("unit-1"));
}

TEST_P(StoreRecords, ARefusedRemovalChangesNothing) {
  assign("o1", "unit-1");
  const auto before = found("unit-1");
  const auto refuse = [](const model::Registration&) -> Result<void> {
    return fail(ErrorCode::kPreconditionFailed, "Somebody else was faster.");
  };
  EXPECT_FALSE(wait_for(store().remove_registration(kInstance, "unit-1", refuse)));
  EXPECT_EQ(found("unit-1"), before);
}

TEST_P(StoreRecords, WhatHasNotChangedIsTheSameObject) {
  assign("o1", "unit-1");
  const auto before = found("unit-1");
  assign("o2", "other");
  EXPECT_EQ(found("UNIT-1"), before);
}

TEST_P(StoreRecords, InstancesDoNotSeeEachOther) {
  ASSERT_TRUE(wait_for(store().create_instance(make_config("0ne0000000b", "other-dps"))));
  assign("o1", "unit-1");
  EXPECT_TRUE(found("unit-1"));
  EXPECT_FALSE(wait_for(store().find_registration("0ne0000000b", "unit-1")).value());
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreRecords, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace muster::store
