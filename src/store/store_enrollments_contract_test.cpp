#include "store/store_contract.h"

namespace muster::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StoreEnrollments : public StoreContract {
 protected:
  std::optional<Enrollment> find(EnrollmentKind kind, const std::string& id) {
    return copy_of(wait_for(store().find_enrollment(kInstance, kind, id)).value());
  }
};

TEST_P(StoreEnrollments, EveryAttestationComesBackWhole) {
  const auto leaf = enrolled(make_certificate("leaf"));
  const auto ca = enrolled(make_certificate("ca"));
  Enrollment rich = individual("symmetric", keys("primary-key", "secondary-key"));
  rich.device_id = "pump-1";
  rich.status = model::ProvisioningStatus::kDisabled;
  rich.allocation_policy = model::AllocationPolicy::kStatic;
  rich.iot_hubs = {"hub-a.example.net"};
  rich.reprovision_policy = model::ReprovisionPolicy{true, false};
  rich.initial_twin = boost::json::object{{"tags", boost::json::object{{"site", "ams"}}}};
  const std::vector<Enrollment> entries{
      rich,
      individual("x509", model::CertificateAttestation{model::CertificateRole::kClient, leaf, leaf}),
      individual("tpm", model::TpmAttestation{"EK==", "SRK="}),
      group("symmetric", keys("p", "s")),
      group("signing", model::CertificateAttestation{model::CertificateRole::kSigning, ca, std::nullopt}),
      group("references", model::CaReferenceAttestation{"Root", "Other"})};
  for (const auto& entry : entries) EXPECT_EQ(put_enrollment(store(), entry), entry) << entry.id;
  reopen();
  for (const auto& entry : entries) EXPECT_EQ(find(entry.kind, entry.id), entry) << entry.id;
}

TEST_P(StoreEnrollments, IdsAreComparedWithoutCaseAndKindsAreApart) {
  ASSERT_TRUE(put_enrollment(store(), individual("Line7.Unit1", keys("p", "s"))));
  EXPECT_EQ(find(EnrollmentKind::kIndividual, "LINE7.unit1")->id, "Line7.Unit1");
  EXPECT_FALSE(find(EnrollmentKind::kGroup, "line7.unit1"));
}

TEST_P(StoreEnrollments, InstancesDoNotSeeEachOther) {
  ASSERT_TRUE(wait_for(store().create_instance(make_config("0ne0000000b", "other-dps"))));
  ASSERT_TRUE(put_enrollment(store(), individual("a", keys("p", "s"))));
  EXPECT_FALSE(wait_for(store().find_enrollment("0ne0000000b", EnrollmentKind::kIndividual, "a")).value());
}

TEST_P(StoreEnrollments, TheChangeSeesWhatIsStoredAndMayRefuse) {
  const Enrollment first = individual("a", keys("p", "s"));
  ASSERT_TRUE(put_enrollment(store(), first));
  std::optional<Enrollment> seen;
  const auto refused = wait_for(
      store().change_enrollment(kInstance, first.kind, "A", [&seen](const Enrollment* current) -> Result<Enrollment> {
        if (current != nullptr) seen = *current;
        return std::unexpected(model::IfMatch::exactly("stale").check_put(&current->etag).error());
      }));
  EXPECT_EQ(code_of(refused), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(seen, first);
  EXPECT_EQ(find(first.kind, "a"), first);
}

TEST_P(StoreEnrollments, ACertificateStandsInOneEntryOnly) {
  const auto first = enrolled(make_certificate("first"));
  const auto second = enrolled(make_certificate("second"));
  using model::CertificateRole;
  ASSERT_TRUE(put_enrollment(
      store(), group("line7", model::CertificateAttestation{CertificateRole::kSigning, first, std::nullopt})));
  const Enrollment other = individual("unit", model::CertificateAttestation{CertificateRole::kClient, second, first});
  const auto refused = put_enrollment(store(), other);
  EXPECT_EQ(code_of(refused), ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("certificate is already in use by enrollment group 'line7'"));
  EXPECT_FALSE(find(EnrollmentKind::kIndividual, "unit")) << "nothing of a refused change stays";
  EXPECT_THAT(wait_for(store().find_by_certificate(kInstance, {certificate_link(crypto::sha256(second.der))})).value(),
              IsEmpty());
}

TEST_P(StoreEnrollments, ACaReferenceStandsInOneEntryOnly) {
  ASSERT_TRUE(put_enrollment(store(), group("a", model::CaReferenceAttestation{"Root", ""})));
  EXPECT_EQ(code_of(put_enrollment(store(), group("b", model::CaReferenceAttestation{"ROOT", ""}))),
            ErrorCode::kConflict);
}

TEST_P(StoreEnrollments, AReplacedOrRemovedCertificateIsFreeAgain) {
  const auto first = enrolled(make_certificate("first"));
  const auto second = enrolled(make_certificate("second"));
  using model::CertificateRole;
  const auto link = [](const model::EnrolledCertificate& certificate) {
    return certificate_link(crypto::sha256(certificate.der));
  };
  const auto matches = [&](const model::EnrolledCertificate& certificate) {
    return wait_for(store().find_by_certificate(kInstance, {"sha256:unknown", link(certificate)})).value();
  };
  ASSERT_TRUE(put_enrollment(
      store(), group("a", model::CertificateAttestation{CertificateRole::kSigning, first, std::nullopt})));
  ASSERT_EQ(matches(first).size(), 1U);
  EXPECT_EQ(matches(first).front().enrollment_key, "a");
  EXPECT_EQ(matches(first).front().link, link(first));
  ASSERT_TRUE(put_enrollment(
      store(), group("a", model::CertificateAttestation{CertificateRole::kSigning, second, std::nullopt})));
  EXPECT_THAT(matches(first), IsEmpty());
  ASSERT_TRUE(
      put_enrollment(store(), group("b", model::CertificateAttestation{CertificateRole::kSigning, first, first})));
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, EnrollmentKind::kGroup, "A", allow<Enrollment>())));
  EXPECT_THAT(matches(second), IsEmpty());
}

TEST_P(StoreEnrollments, RemovesOnlyWhatIsThereAndAllowed) {
  const Enrollment entry = individual("a", keys("p", "s"));
  ASSERT_TRUE(put_enrollment(store(), entry));
  const auto refuse = [](const Enrollment& current) {
    return model::IfMatch::exactly("stale").check_delete(current.etag);
  };
  EXPECT_EQ(code_of(wait_for(store().remove_enrollment(kInstance, entry.kind, "a", refuse))),
            ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(find(entry.kind, "a"));
  EXPECT_TRUE(wait_for(store().remove_enrollment(kInstance, entry.kind, "A", allow<Enrollment>())));
  EXPECT_FALSE(find(entry.kind, "a"));
  EXPECT_EQ(code_of(wait_for(store().remove_enrollment(kInstance, entry.kind, "a", allow<Enrollment>()))),
            ErrorCode::kNotFound);
}

TEST_P(StoreEnrollments, ListsInPagesInTheOrderOfTheKeys) {
  for (const char* id : {"e", "B", "d", "a", "C"}) {
    ASSERT_TRUE(put_enrollment(store(), individual(id, keys("p", "s"))));
  }
  ASSERT_TRUE(put_enrollment(store(), group("aa", keys("p", "s"))));
  std::vector<std::string> ids;
  std::vector<std::size_t> sizes;
  std::string after;
  do {
    const auto page = wait_for(store().list_enrollments(kInstance, EnrollmentKind::kIndividual, after, 2)).value();
    for (const auto& entry : page.items) ids.push_back(entry.id);
    sizes.push_back(page.items.size());
    after = page.next;
  } while (!after.empty());
  EXPECT_THAT(ids, ElementsAre("a", "B", "C", "d", "e"));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_TRUE(wait_for(store().list_enrollments(kInstance, EnrollmentKind::kGroup, "", 1)).value().next.empty())
      << "a full page that is the last one says so";
}

TEST_P(StoreEnrollments, SymmetricGroupsAreASnapshotOfAllKeyGroups) {
  Enrollment disabled = group("B", keys("b1", "b2"));
  disabled.status = model::ProvisioningStatus::kDisabled;
  ASSERT_TRUE(put_enrollment(store(), disabled));
  ASSERT_TRUE(put_enrollment(store(), group("x", model::CaReferenceAttestation{"root", ""})));
  ASSERT_TRUE(put_enrollment(store(), individual("device", keys("p", "s"))));
  const auto before = wait_for(store().symmetric_groups(kInstance)).value();
  ASSERT_EQ(before->size(), 1U);
  EXPECT_EQ(before->front().id, "B");
  EXPECT_EQ(before->front().secondary, secret("b2"));

  ASSERT_TRUE(put_enrollment(store(), individual("device2", keys("p", "s"))));
  EXPECT_EQ(wait_for(store().symmetric_groups(kInstance)).value(), before) << "individual entries do not outdate it";
  ASSERT_TRUE(put_enrollment(store(), group("a", keys("a1", "a2"))));
  EXPECT_EQ(wait_for(store().symmetric_groups(kInstance)).value()->size(), 2U);
  ASSERT_TRUE(wait_for(store().remove_enrollment(kInstance, EnrollmentKind::kGroup, "b", allow<Enrollment>())));
  const auto after = wait_for(store().symmetric_groups(kInstance)).value();
  ASSERT_EQ(after->size(), 1U);
  EXPECT_EQ(after->front().id, "a");
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreEnrollments, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace muster::store
