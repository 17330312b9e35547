// how many rows of a kind an instance may have.
#include "store/sqlite/sqlite_store.h"
#include "store/store_contract.h"

namespace muster::store {
namespace {

using testing::HasSubstr;

class StoreLimits : public testing::Test {
 protected:
  void SetUp() override {
    open({.enrollments = 2, .x509_groups = 1, .symmetric_key_groups = 1, .registrations = 2, .ca_certificates = 2});
    ASSERT_TRUE(wait_for(store_->create_instance(make_config(kInstance, "plant-dps"))));
  }

  void open(const RowLimits& limits) {
    store_.reset();
    store_ = open_sqlite_store({.path = folder_.database(), .limits = limits}, test_sealer()).value();
  }

  Result<Enrollment> put_entry(const Enrollment& entry) { return put_enrollment(*store_, entry); }
  Result<void> remove(EnrollmentKind kind, const std::string& id) {
    return wait_for(store_->remove_enrollment(kInstance, kind, id, allow<Enrollment>()));
  }
  Result<SharedOperationState> begin(const std::string& registration_id) {
    const Enrollment entry = individual(registration_id, keys("p", "s"));
    return wait_for(store_->begin_operation(kInstance, make_operation("op-" + registration_id, registration_id, entry),
                                            make_record(registration_id, entry), nullptr));
  }
  Result<void> forget(const std::string& registration_id) {
    return wait_for(store_->remove_registration(kInstance, registration_id, allow<model::Registration>()));
  }
  Result<model::CaCertificate> put_ca(const std::string& name) {
    const model::CaCertificate value{name, make_certificate(name), true, "e", kNow, kNow};
    return wait_for(store_->change_certificate(kInstance, name, put(value)));
  }
  static Enrollment x509_group(const std::string& id) {
    return group(id, model::CaReferenceAttestation{"ca-" + id, ""});
  }

  std::unique_ptr<Store> store_;

 private:
  DatabaseFolder folder_;
};

TEST_F(StoreLimits, OneEntryTooManyIsRefusedAndTheRestGoesOn) {
  EXPECT_TRUE(put_entry(individual("a", keys("p", "s"))));
  EXPECT_TRUE(put_entry(individual("b", keys("p", "s"))));
  const auto refused = put_entry(individual("c", keys("p", "s")));
  EXPECT_EQ(code_of(refused), ErrorCode::kLimitExceeded);
  EXPECT_EQ(refused.error().message, "This provisioning service may have at most 2 individual enrollments.");
  EXPECT_FALSE(*wait_for(store_->find_enrollment(kInstance, EnrollmentKind::kIndividual, "c")));
  EXPECT_TRUE(put_entry(individual("A", keys("new", "s")))) << "what is there may be changed";
  EXPECT_TRUE(remove(EnrollmentKind::kIndividual, "b"));
  EXPECT_TRUE(put_entry(individual("c", keys("p", "s"))));
}

TEST_F(StoreLimits, AnImportStopsAtTheLimitAndReplacesFreely) {
  open({.enrollments = 3});
  const auto entry = [](const std::string& id, std::optional<Enrollment> current = std::nullopt) {
    return ImportEntry{individual(id, keys("p", "s")), std::move(current)};
  };
  const auto import = [&](std::vector<ImportEntry> entries) {
    std::vector<bool> written;
    for (const auto& outcome :
         wait_for(store_->import_enrollments(kInstance, EnrollmentKind::kIndividual, std::move(entries))).value()) {
      if (!outcome && outcome.error().code != ErrorCode::kPreconditionFailed) {
        EXPECT_EQ(outcome.error().code, ErrorCode::kLimitExceeded);
      }
      written.push_back(outcome.has_value());
    }
    return written;
  };
  EXPECT_THAT(import({entry("a"), entry("b")}), testing::ElementsAre(true, true));
  EXPECT_THAT(import({entry("a"), entry("c"), entry("d")}), testing::ElementsAre(false, true, false))
      << "a is there already and counts nothing";
  const auto stored = wait_for(store_->find_enrollment(kInstance, EnrollmentKind::kIndividual, "a")).value();
  EXPECT_THAT(import({entry("a", *stored), entry("e")}), testing::ElementsAre(true, false));
}

TEST_F(StoreLimits, GroupsAreCountedByTheirAttestation) {
  EXPECT_TRUE(put_entry(x509_group("x")));
  EXPECT_TRUE(put_entry(group("s", keys("p", "s"))));
  EXPECT_THAT(put_entry(x509_group("y")).error().message, HasSubstr("1 enrollment groups with X.509 certificates"));
  EXPECT_THAT(put_entry(group("t", keys("p", "s"))).error().message, HasSubstr("groups with symmetric keys"));
  EXPECT_EQ(code_of(put_entry(group("x", keys("p", "s")))), ErrorCode::kLimitExceeded) << "a change of its kind";
  EXPECT_TRUE(remove(EnrollmentKind::kGroup, "s"));
  EXPECT_TRUE(put_entry(group("x", keys("p", "s"))));
  EXPECT_TRUE(put_entry(x509_group("y"))) << "the changed one gave its place back";
}

TEST_F(StoreLimits, AFailedChangeCountsNothing) {
  const auto fails = [](const Enrollment*) -> Result<Enrollment> { return invalid("no"); };
  Enrollment first = individual("a", model::CertificateAttestation{{}, enrolled(make_certificate("x")), {}});
  ASSERT_TRUE(put_entry(first));
  first.id = "b";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(code_of(wait_for(store_->change_enrollment(kInstance, EnrollmentKind::kIndividual, "b", fails))),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(put_entry(first)), ErrorCode::kConflict)
        << "its certificate is taken, found after it was counted";
  }
  EXPECT_TRUE(put_entry(individual("b", keys("p", "s"))));
}

TEST_F(StoreLimits, ARefusedRemovalGivesNoPlace) {
  ASSERT_TRUE(put_ca("a"));
  ASSERT_TRUE(put_ca("b"));
  EXPECT_FALSE(wait_for(store_->remove_certificate(
      kInstance, "a", [](const model::CaCertificate&) -> Result<void> { return invalid("no"); })));
  EXPECT_THAT(put_ca("c").error().message, HasSubstr("2 CA certificates"));
  EXPECT_TRUE(put_ca("A"));
  EXPECT_TRUE(wait_for(store_->remove_certificate(kInstance, "a", allow<model::CaCertificate>())));
  EXPECT_TRUE(put_ca("c"));
}

TEST_F(StoreLimits, RegistrationsAreCountedOncePerDevice) {
  EXPECT_TRUE(begin("a"));
  EXPECT_TRUE(begin("A"));
  EXPECT_TRUE(begin("b"));
  const auto refused = begin("c");
  EXPECT_EQ(code_of(refused), ErrorCode::kLimitExceeded);
  EXPECT_FALSE(*wait_for(store_->find_registration(kInstance, "c")));
  EXPECT_TRUE(begin("b")) << "returning devices are served";
  EXPECT_TRUE(forget("a"));
  EXPECT_TRUE(begin("c"));
}

TEST_F(StoreLimits, AnIndividualEntryTakesItsRecordWithIt) {
  ASSERT_TRUE(put_entry(individual("a", keys("p", "s"))));
  ASSERT_TRUE(begin("a"));
  ASSERT_TRUE(begin("b"));
  ASSERT_TRUE(remove(EnrollmentKind::kIndividual, "a"));
  EXPECT_TRUE(begin("c"));
  EXPECT_FALSE(begin("d"));
}

TEST_F(StoreLimits, WhatIsThereIsCountedWhenTheStoreOpens) {
  ASSERT_TRUE(put_entry(individual("a", keys("p", "s"))));
  ASSERT_TRUE(put_entry(x509_group("x")));
  ASSERT_TRUE(put_entry(group("s", keys("p", "s"))));
  ASSERT_TRUE(begin("a"));
  ASSERT_TRUE(put_ca("a"));
  open({.enrollments = 1, .x509_groups = 1, .symmetric_key_groups = 1, .registrations = 1, .ca_certificates = 1});
  EXPECT_FALSE(put_entry(individual("b", keys("p", "s"))));
  EXPECT_FALSE(put_entry(x509_group("y")));
  EXPECT_FALSE(put_entry(group("t", keys("p", "s"))));
  EXPECT_FALSE(begin("b"));
  EXPECT_FALSE(put_ca("b"));
  open({.ca_certificates = 0});
  for (const char* id : {"b", "c", "d"}) {
    EXPECT_TRUE(put_entry(individual(id, keys("p", "s"))));
    EXPECT_TRUE(begin(id));
    EXPECT_TRUE(put_ca(id));
  }
  open({.enrollments = 3});
  EXPECT_FALSE(put_entry(individual("e", keys("p", "s")))) << "more than allowed stays, but gets no company";
  EXPECT_TRUE(put_entry(individual("b", keys("q", "s"))));
}

TEST_F(StoreLimits, EveryInstanceHasItsOwn) {
  const InstanceId other = "0ne0000000b";
  ASSERT_TRUE(wait_for(store_->create_instance(make_config(other, "other-dps"))));
  ASSERT_TRUE(put_entry(group("s", keys("p", "s"))));
  const Enrollment second = group("s", keys("p", "s"));
  EXPECT_TRUE(wait_for(store_->change_enrollment(other, EnrollmentKind::kGroup, "s", put(second))));
  EXPECT_FALSE(
      wait_for(store_->change_enrollment(other, EnrollmentKind::kGroup, "t", put(group("t", keys("p", "s"))))));
}

}  // namespace
}  // namespace muster::store
