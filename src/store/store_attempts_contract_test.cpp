#include "base/random.h"
#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::Attempt;
using model::AttemptOutcome;
using testing::ElementsAre;
using testing::IsEmpty;

const Enrollment kEntry = individual("unit-1", keys("p", "s"));

class StoreAttempts : public StoreContract {
 protected:
  /// An attempt `minute` minutes after kNow.
  Attempt attempt(int minute, const std::string& id, AttemptOutcome outcome = AttemptOutcome::kRefused) {
    Attempt out;
    out.at = kNow + std::chrono::minutes(minute);
    out.tracking_id = make_time_ordered_guid(random_, out.at);
    out.call = "register";
    out.registration_id = id;
    out.transport = "http";
    out.peer_address = "192.0.2.1";
    out.api_version = "2021-06-01";
    out.outcome = outcome;
    out.findings = {{"wrong-key", "neither key made it"}};
    out.checks = {{"token.form", true, ""}, {"token.signature", false, "neither key made it"}};
    return out;
  }
  void add(const Attempt& attempt) { ASSERT_TRUE(wait_for(store().add_attempt(kInstance, attempt))); }
  std::vector<Attempt> list(const AttemptFilter& filter) {
    return wait_for(store().list_attempts(kInstance, filter, "", 100)).value().items;
  }
  std::size_t trim(TimePoint before, std::size_t keep) { return wait_for(store().trim_attempts(before, keep)).value(); }

  SequenceRandom random_;
};

TEST_P(StoreAttempts, IsFoundAgainWholeByItsTrackingId) {
  Attempt full = attempt(0, "Unit-1", AttemptOutcome::kAssigned);
  full.thumbprint = std::string(64, 'A');
  full.enrollment_kind = EnrollmentKind::kGroup;
  full.enrollment_id = "line7";
  full.hub = "hub-a.example.net";
  full.device_id = "unit-1";
  add(full);
  reopen();
  EXPECT_EQ(wait_for(store().find_attempt(kInstance, full.tracking_id)).value(), full);
  EXPECT_EQ(wait_for(store().find_attempt(kInstance, "00000000-0000-7000-8000-000000000000")).value(), std::nullopt);
}

TEST_P(StoreAttempts, ListsTheNewestFirstByDeviceCertificateAndOutcome) {
  const Attempt first = attempt(1, "unit-1");
  Attempt second = attempt(2, "UNIT-1", AttemptOutcome::kAssigned);
  second.thumbprint = std::string(64, 'A');
  const Attempt other = attempt(3, "unit-2");
  for (const Attempt& each : {second, other, first}) add(each);
  EXPECT_THAT(list({}), ElementsAre(other, second, first));
  EXPECT_THAT(list({.registration_id = "Unit-1"}), ElementsAre(second, first));
  EXPECT_THAT(list({.registration_id = "unit-1", .failed_only = true}), ElementsAre(first));
  EXPECT_THAT(list({.thumbprint = std::string(64, 'A')}), ElementsAre(second));
  EXPECT_THAT(list({.registration_id = "unit-2", .thumbprint = std::string(64, 'A')}), IsEmpty());
  EXPECT_THAT(list({.failed_only = true}), ElementsAre(other, first));
}

TEST_P(StoreAttempts, ListsInPages) {
  for (int minute = 0; minute < 5; ++minute) add(attempt(minute, "unit-" + std::to_string(minute)));
  std::vector<std::string> ids;
  std::string before;
  do {
    const auto page = wait_for(store().list_attempts(kInstance, {}, before, 2)).value();
    for (const Attempt& each : page.items) ids.push_back(each.registration_id);
    before = page.next;
  } while (!before.empty());
  EXPECT_THAT(ids, ElementsAre("unit-4", "unit-3", "unit-2", "unit-1", "unit-0"));
}

TEST_P(StoreAttempts, TheOldestGoFirst) {
  for (int minute = 0; minute < 10; ++minute) add(attempt(minute, "unit-" + std::to_string(minute)));
  EXPECT_EQ(trim(kNow, 20), 0U) << "young and few";
  EXPECT_EQ(trim(kNow + std::chrono::minutes(3), 20), 3U) << "made in the first three minutes";
  EXPECT_EQ(trim(kNow, 2), 5U) << "more than two";
  const auto left = list({});
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left.front().registration_id, "unit-9");
  EXPECT_EQ(left.back().registration_id, "unit-8");
  EXPECT_EQ(trim(kNow, 0), 2U);
}

TEST_P(StoreAttempts, MoreThanOneBatchIsTrimmed) {
  for (int i = 0; i < 2500; ++i) add(attempt(i, "unit-1"));
  EXPECT_EQ(trim(kNow, 100), 2400U);
}

TEST_P(StoreAttempts, TheAttemptOfAnOperationIsKeptWithItsResultOrNotAtAll) {
  const Attempt ended = attempt(0, "unit-1", AttemptOutcome::kAssigned);
  ASSERT_TRUE(wait_for(store().begin_operation(kInstance, make_operation("o1", "unit-1", kEntry),
                                               make_record("unit-1", kEntry), nullptr)));
  const auto complete = [&](const Attempt& with) {
    return wait_for(store().complete_operation(kInstance, "o1", {make_record("unit-1", kEntry), {}, with}));
  };
  ASSERT_TRUE(complete(ended));
  const Attempt late = attempt(1, "unit-1", AttemptOutcome::kFailed);
  EXPECT_EQ(code_of(complete(late)), ErrorCode::kConflict);
  EXPECT_THAT(list({}), ElementsAre(ended));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreAttempts, testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace muster::store
