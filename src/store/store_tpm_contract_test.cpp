#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::TpmChallenge;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const Enrollment kEntry = individual("unit-1", model::TpmAttestation{"EK==", ""});

/// Challenges of device "unit-1", with an hour to live (device-api.md 5.3).
class StoreTpm : public StoreContract {
 protected:
  /// The one of minute `minute`; two with the same `storage_root_key` are for the same TPM and owner.
  static TpmChallenge challenge(int minute, std::string_view storage_root_key = "srk") {
    TpmChallenge out;
    out.id = "c" + std::to_string(100 + minute);
    out.registration_id = "Unit-1";
    out.endorsement_key.fill(7);
    out.storage_root_key.assign(storage_root_key.begin(), storage_root_key.end());
    out.key = secret("nonce key of 32 octets at minute " + std::to_string(minute % 10));
    out.hub_keys = {secret("first key of 32 octets at minute " + std::to_string(minute % 10)),
                    secret("other key of 32 octets at minute " + std::to_string(minute % 10))};
    out.begun = kNow + minutes(minute);
    out.expires = out.begun + minutes(60);
    return out;
  }
  TpmChallenge begin(const TpmChallenge& proposed) {
    return wait_for(store().begin_tpm_challenge(kInstance, proposed)).value();
  }
  std::vector<std::string> ids(const std::string& registration_id = "unit-1") {
    std::vector<std::string> out;
    for (const auto& each : wait_for(store().find_tpm_challenges(kInstance, registration_id)).value()) {
      out.push_back(each.id);
    }
    return out;
  }
  Result<SharedOperationState> register_with(const std::string& operation_id, const std::string& challenge_id) {
    model::Operation operation = make_operation(operation_id, "UNIT-1", kEntry);
    operation.challenge = challenge_id;
    return wait_for(store().begin_operation(kInstance, operation, make_record("UNIT-1", kEntry), nullptr));
  }
};

TEST_P(StoreTpm, AChallengeIsFoundAgainWhole) {
  EXPECT_EQ(begin(challenge(0)), challenge(0));
  reopen();
  EXPECT_THAT(wait_for(store().find_tpm_challenges(kInstance, "UNIT-1")).value(), ElementsAre(challenge(0)));
  EXPECT_THAT(ids("unit-2"), IsEmpty());
}

TEST_P(StoreTpm, AskingAgainInTheFirstHalfOfItsLifeGivesTheSameOne) {
  begin(challenge(0));
  EXPECT_EQ(begin(challenge(30)), challenge(0));
  EXPECT_EQ(begin(challenge(31)), challenge(31));
  EXPECT_THAT(ids(), ElementsAre("c131", "c100"));
}

TEST_P(StoreTpm, OtherKeysGetOneOfTheirOwn) {
  begin(challenge(0));
  EXPECT_EQ(begin(challenge(1, "other owner")).id, "c101");
  TpmChallenge other_chip = challenge(2);
  other_chip.endorsement_key.fill(8);
  EXPECT_EQ(begin(other_chip).id, "c102");
}

TEST_P(StoreTpm, TheLastFourPendingOnesAreKept) {
  for (int minute = 0; minute < 6; ++minute) begin(challenge(minute, "srk" + std::to_string(minute)));
  EXPECT_THAT(ids(), ElementsAre("c105", "c104", "c103", "c102"));
}

TEST_P(StoreTpm, ARegistrationSpendsItsChallenge) {
  begin(challenge(0));
  ASSERT_TRUE(register_with("o1", "c100"));
  EXPECT_EQ(wait_for(store().find_tpm_challenges(kInstance, "unit-1")).value().at(0).operation_id, "o1");
  EXPECT_EQ(begin(challenge(1)).id, "c101") << "a spent one serves nobody";
}

TEST_P(StoreTpm, ASpentChallengeStartsNothing) {
  begin(challenge(0));
  ASSERT_TRUE(register_with("o1", "c100"));
  EXPECT_EQ(register_with("o2", "c100").value()->operation.id, "o1") << "the same registration, which is under way";
  model::Registration done = make_record("unit-1", kEntry);
  done.status = model::RegistrationStatus::kAssigned;
  ASSERT_TRUE(wait_for(store().complete_operation(kInstance, "o1", {done})));
  EXPECT_EQ(code_of(register_with("o3", "c100")), ErrorCode::kConflict);
  EXPECT_EQ(code_of(register_with("o4", "unknown")), ErrorCode::kConflict);
  EXPECT_EQ(code_of(wait_for(store().find_operation(kInstance, "o3"))), ErrorCode::kNotFound);
}

TEST_P(StoreTpm, AnotherChallengeSupersedesWhatIsUnderWay) {
  begin(challenge(0));
  begin(challenge(1, "other owner"));
  ASSERT_TRUE(register_with("o1", "c100"));
  EXPECT_EQ(register_with("o2", "c101").value()->operation.id, "o2");
  EXPECT_FALSE(wait_for(store().find_operation(kInstance, "o1")).value()->operation.open);
}

TEST_P(StoreTpm, SpentOnesAreBoundedToo) {
  for (int minute = 0; minute < 8; ++minute) {
    begin(challenge(minute));
    ASSERT_TRUE(register_with("o" + std::to_string(minute), "c" + std::to_string(100 + minute)));
  }
  EXPECT_THAT(ids(), ElementsAre("c107", "c106", "c105", "c104", "c103"));
}

TEST_P(StoreTpm, WhatExpiredIsPurged) {
  begin(challenge(0));
  begin(challenge(40));
  EXPECT_EQ(wait_for(store().purge_tpm_challenges(kNow + minutes(60))).value(), 0U)
      << "the moment itself is not before";
  EXPECT_EQ(wait_for(store().purge_tpm_challenges(kNow + minutes(61))).value(), 1U);
  EXPECT_THAT(ids(), ElementsAre("c140"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreTpm, testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace muster::store
