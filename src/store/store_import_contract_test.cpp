#include <fmt/format.h>

#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::CertificateAttestation;
using model::CertificateRole;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kWritten = "written";

class StoreImport : public StoreContract {
 protected:
  /// What became of each entry: kWritten or the code of its error.
  std::vector<std::string> import(EnrollmentKind kind, std::vector<ImportEntry> entries) {
    const auto outcomes = wait_for(store().import_enrollments(kInstance, kind, std::move(entries)));
    EXPECT_TRUE(outcomes) << outcomes.error().message;
    std::vector<std::string> out;
    for (const auto& outcome : *outcomes) {
      out.emplace_back(outcome ? kWritten : to_string(outcome.error().code));
      if (!outcome) last_ = outcome.error();
    }
    return out;
  }
  std::vector<std::string> import(std::vector<ImportEntry> entries) {
    return import(EnrollmentKind::kIndividual, std::move(entries));
  }
  std::optional<Enrollment> find(const std::string& id, EnrollmentKind kind = EnrollmentKind::kIndividual) {
    return copy_of(wait_for(store().find_enrollment(kInstance, kind, id)).value());
  }
  [[nodiscard]] const Error& last() const { return last_; }

 private:
  Error last_;
};

Enrollment with_etag(Enrollment value, std::string etag) {
  value.etag = std::move(etag);
  return value;
}

Enrollment with_certificate(const std::string& id, const model::EnrolledCertificate& certificate) {
  return individual(id, CertificateAttestation{CertificateRole::kClient, certificate, std::nullopt});
}

TEST_P(StoreImport, EveryAttestationComesBackWhole) {
  const std::vector<Enrollment> entries{individual("symmetric", keys("p", "s")),
                                        with_certificate("x509", enrolled(make_certificate("leaf"))),
                                        individual("tpm", model::TpmAttestation{"EK==", ""}),
                                        individual("reference", model::CaReferenceAttestation{"Root", ""})};
  std::vector<ImportEntry> import_entries;
  for (const auto& entry : entries) import_entries.push_back({entry, std::nullopt});
  EXPECT_THAT(import(import_entries), ElementsAre(kWritten, kWritten, kWritten, kWritten));
  reopen();
  for (const auto& entry : entries) EXPECT_EQ(find(entry.id), entry) << entry.id;
}

TEST_P(StoreImport, ManyEntriesAreOneTransactionInAnyOrder) {
  std::vector<ImportEntry> entries;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back({individual(fmt::format("unit-{}", i * 7919 % 1000), keys("p", "s")), std::nullopt});
  }
  EXPECT_THAT(import(entries), testing::Each(kWritten));
  for (const auto& entry : entries) ASSERT_EQ(find(entry.value.id), entry.value);
  EXPECT_THAT(import({}), IsEmpty());
}

TEST_P(StoreImport, OnlyWhatTheCallerSawIsReplaced) {
  const Enrollment first = with_etag(individual("a", keys("p", "s")), "e1");
  const Enrollment second = with_etag(individual("A", keys("p2", "s2")), "e2");
  EXPECT_THAT(import({{first, std::nullopt}}), ElementsAre(kWritten));
  EXPECT_THAT(import({{second, std::nullopt}, {individual("b", keys("p", "s")), std::nullopt}}),
              ElementsAre("precondition-failed", kWritten))
      << "it is there already";
  EXPECT_EQ(find("a"), first);
  EXPECT_THAT(import({{second, with_etag(first, "other")}, {second, first}, {second, first}}),
              ElementsAre("precondition-failed", kWritten, "precondition-failed"));
  EXPECT_EQ(find("a"), second);
  EXPECT_THAT(import({{individual("c", keys("p", "s")), first}}), ElementsAre("precondition-failed")) << "it is gone";
  EXPECT_FALSE(find("c"));
}

TEST_P(StoreImport, EntriesOfOneIdAreWrittenInTheirOrder) {
  const Enrollment first = with_etag(individual("a", keys("p", "s")), "e1");
  const Enrollment second = with_etag(individual("A", keys("p2", "s2")), "e2");
  const Enrollment third = with_etag(individual("a", keys("p3", "s3")), "e3");
  EXPECT_THAT(
      import(
          {{first, std::nullopt}, {individual("0", keys("p", "s")), std::nullopt}, {second, first}, {third, second}}),
      testing::Each(kWritten));
  EXPECT_EQ(find("a"), third);
}

TEST_P(StoreImport, ACertificateStandsInOneEntryOnly) {
  const auto certificate = enrolled(make_certificate("one"));
  const auto other = enrolled(make_certificate("other"));
  ASSERT_TRUE(put_enrollment(
      store(), group("line7", CertificateAttestation{CertificateRole::kSigning, certificate, std::nullopt})));
  EXPECT_THAT(import({{with_certificate("a", certificate), std::nullopt},
                      {with_certificate("b", other), std::nullopt},
                      {with_certificate("c", other), std::nullopt}}),
              ElementsAre("conflict", kWritten, "conflict"));
  EXPECT_THAT(last().message, HasSubstr("already in use by individual enrollment 'b'"));
  EXPECT_FALSE(find("a")) << "nothing of a refused entry stays";
  EXPECT_FALSE(find("c"));
}

TEST_P(StoreImport, ACertificateMovesInTheOrderOfTheEntries) {
  const auto first = enrolled(make_certificate("first"));
  const auto second = enrolled(make_certificate("second"));
  const Enrollment owner = with_etag(with_certificate("z", first), "e1");
  ASSERT_TRUE(put_enrollment(store(), owner));
  EXPECT_THAT(
      import({{with_etag(with_certificate("z", second), "e2"), owner}, {with_certificate("a", first), std::nullopt}}),
      ElementsAre(kWritten, kWritten));
  const auto matches =
      wait_for(store().find_by_certificate(kInstance, {certificate_link(crypto::sha256(first.der))})).value();
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches.front().enrollment_key, "a");
}

TEST_P(StoreImport, WhatWasReadBeforeIsReadAnew) {
  const auto find = [&] {
    return copy_of(wait_for(store().find_enrollment(kInstance, EnrollmentKind::kIndividual, "a")).value());
  };
  const auto import = [&](const Enrollment& value, std::optional<Enrollment> current) {
    std::vector<ImportEntry> entries;
    entries.push_back({value, std::move(current)});
    ASSERT_TRUE(
        wait_for(store().import_enrollments(kInstance, EnrollmentKind::kIndividual, std::move(entries))).value().at(0));
  };
  EXPECT_FALSE(find());
  import(individual("a", keys("p", "s")), std::nullopt);
  ASSERT_EQ(find(), individual("a", keys("p", "s")));
  import(individual("a", keys("new", "s")), find());
  EXPECT_EQ(find(), individual("a", keys("new", "s")));
}

TEST_P(StoreImport, AnUnknownInstanceTakesNothing) {
  const auto outcomes = wait_for(
      store().import_enrollments("0ne0000000f", EnrollmentKind::kIndividual, {{individual("a", keys("p", "s")), {}}}));
  EXPECT_EQ(code_of(outcomes), ErrorCode::kNotFound);
}

TEST_P(StoreImport, GroupsOutdateTheSnapshotOfKeys) {
  EXPECT_THAT(wait_for(store().symmetric_groups(kInstance)).value()->size(), 0U);
  EXPECT_THAT(import(EnrollmentKind::kGroup, {{group("g", keys("p", "s")), std::nullopt}}), ElementsAre(kWritten));
  EXPECT_EQ(wait_for(store().symmetric_groups(kInstance)).value()->size(), 1U);
}

TEST_P(StoreImport, ManyAreFoundAtOnce) {
  ASSERT_TRUE(put_enrollment(store(), individual("a", keys("p", "s"))));
  ASSERT_TRUE(put_enrollment(store(), group("b", keys("p", "s"))));
  const auto found =
      wait_for(store().find_enrollments(kInstance, EnrollmentKind::kIndividual, {"b", "A", "", "a"})).value();
  EXPECT_THAT(found, ElementsAre(std::nullopt, find("a"), std::nullopt, find("a")));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreImport, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace muster::store
