#include "provisioning/attest_x509.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using crypto::Certificate;
using crypto::CertificateUse;
using model::EnrollmentKind;
using testing::Identity;
using testing::World;
using testing::x509_body;

constexpr std::string_view kDisabled = R"(,"provisioningStatus":"disabled")";

class AttestX509 : public ::testing::Test {
 protected:
  Decision judge(const DeviceRequest& request, const AttestationSettings& settings = {}) {
    return world_.must(attest_x509(request, world_.store(), settings));
  }
  Decision judge(const Identity& leaf, std::vector<Certificate> chain) {
    return judge(world_.certificate_request("dev-1", leaf.certificate, std::move(chain)));
  }

  World world_;
};

TEST_F(AttestX509, ASelfSignedLeafOfAnIndividualEnrollmentNeedsNoChain) {  // R-041, R-024
  const Identity leaf = world_.issue("dev-1", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", leaf.certificate));
  const Decision decision = judge(leaf, {});
  EXPECT_EQ(decision.outcome, Outcome::kAccepted) << summarize(decision.checks);
  const auto& credential = std::get<model::ThumbprintCredential>(*decision.credential);
  EXPECT_EQ(credential.primary, leaf.certificate.thumbprint());
  EXPECT_EQ(credential.secondary, leaf.certificate.thumbprint());
}

TEST_F(AttestX509, AnotherLeafWithTheSameNameIsRefused) {  // R-041
  const Identity enrolled = world_.issue("dev-1", CertificateUse::kClient);
  const Identity other = world_.issue("dev-1", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", enrolled.certificate));
  EXPECT_EQ(judge(other, {}).reason, Reason::kUnknownCertificate);
}

TEST_F(AttestX509, TheSecondaryCertificateIsAsGoodAsThePrimary) {  // R-042
  const Identity one = world_.issue("dev-1", CertificateUse::kClient);
  const Identity two = world_.issue("dev-1", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                R"({"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":")" +
                    to_base64(one.certificate.der()) + R"("},"secondary":{"certificate":")" +
                    to_base64(two.certificate.der()) + R"("}}}}})");
  for (const Identity& leaf : {one, two}) {
    const Decision decision = judge(leaf, {});
    EXPECT_EQ(decision.outcome, Outcome::kAccepted);
    EXPECT_EQ(std::get<model::ThumbprintCredential>(*decision.credential).primary, leaf.certificate.thumbprint());
  }
}

TEST_F(AttestX509, TheCommonNameMustBeTheRegistrationId) {  // R-021, R-022
  const Identity leaf = world_.issue("dev-1", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-2", x509_body("clientCertificates", leaf.certificate));
  EXPECT_EQ(judge(world_.certificate_request("dev-2", leaf.certificate)).reason, Reason::kCommonNameMismatch);
  const Identity upper = world_.issue("DEV-3", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-3", x509_body("clientCertificates", upper.certificate));
  EXPECT_EQ(judge(world_.certificate_request("dev-3", upper.certificate)).outcome, Outcome::kAccepted);
}

TEST_F(AttestX509, AnExpiredEnrolledLeafIsRefusedUnlessExpiryIsOff) {  // R-050
  const Identity leaf =
      world_.issue("dev-1", CertificateUse::kClient, nullptr, world_.clock.now() - std::chrono::days(30),
                   world_.clock.now() - std::chrono::hours(1));
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", leaf.certificate));
  EXPECT_EQ(judge(leaf, {}).reason, Reason::kInvalidCertificate);
  AttestationSettings settings;
  settings.path.expiry = crypto::ExpiryRule::kOff;
  EXPECT_EQ(judge(world_.certificate_request("dev-1", leaf.certificate), settings).outcome, Outcome::kAccepted);
}

/// root > intermediate > leaf "dev-1", and a group for each of the CAs on demand.
class AttestX509Chain : public AttestX509 {
 protected:
  void group(const std::string& id, const Identity& ca, std::string_view more = {}) {
    world_.enroll(EnrollmentKind::kGroup, id, x509_body("signingCertificates", ca.certificate, std::string(more)));
  }

  Identity root_ = world_.issue("Root", CertificateUse::kRootCa);
  Identity intermediate_ = world_.issue("Line 7", CertificateUse::kIntermediateCa, &root_);
  Identity leaf_ = world_.issue("dev-1", CertificateUse::kClient, &intermediate_);
};

TEST_F(AttestX509Chain, AGroupByIntermediateBelowAVerifiedRoot) {  // R-044, R-045, R-046
  world_.put_ca("root", root_.certificate, true);
  group("line", intermediate_);
  const Decision decision = judge(leaf_, {intermediate_.certificate});
  EXPECT_EQ(decision.outcome, Outcome::kAccepted) << summarize(decision.checks);
  EXPECT_EQ(decision.enrollment->id, "line");
}

TEST_F(AttestX509Chain, SendingTheRootTooIsHarmless) {  // R-047
  world_.put_ca("root", root_.certificate, true);
  group("line", intermediate_);
  EXPECT_EQ(judge(leaf_, {root_.certificate, intermediate_.certificate}).outcome, Outcome::kAccepted);
}

TEST_F(AttestX509Chain, AMissingIntermediateIsToldInTheChecks) {  // R-046
  world_.put_ca("root", root_.certificate, true);
  group("all", root_);
  const Decision decision = judge(leaf_, {});
  EXPECT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_THAT(summarize(decision.checks), ::testing::HasSubstr("issuers: none found"));
}

TEST_F(AttestX509Chain, LeafOnlyIsEnoughWhenTheIssuerIsUploaded) {  // device-api.md 2.2
  world_.put_ca("root", root_.certificate, true);
  world_.put_ca("line", intermediate_.certificate, false);
  group("all", root_);
  EXPECT_EQ(judge(leaf_, {}).outcome, Outcome::kAccepted);
}

TEST_F(AttestX509Chain, AnUnverifiedCaAnchorsNothing) {  // R-049, R-183
  world_.put_ca("root", root_.certificate, false);
  group("line", intermediate_);
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).reason, Reason::kUnverifiedCa);
  world_.put_ca("root", root_.certificate, true);
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).outcome, Outcome::kAccepted);
}

TEST_F(AttestX509Chain, AVerifiedIntermediateIsAnAnchorOfItsOwn) {  // R-045
  world_.put_ca("line", intermediate_.certificate, true);
  group("line", intermediate_);
  EXPECT_EQ(judge(leaf_, {}).outcome, Outcome::kAccepted);
}

TEST_F(AttestX509Chain, AGroupAboveTheOnlyVerifiedCertificateIsNotVerified) {  // R-045
  world_.put_ca("line", intermediate_.certificate, true);
  group("all", root_);
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate, root_.certificate}).reason, Reason::kUnverifiedCa);
}

TEST_F(AttestX509Chain, NoGroupForAnyIssuerIsRefused) {  // R-048
  world_.put_ca("root", root_.certificate, true);
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).reason, Reason::kNoEnrollment);
}

TEST_F(AttestX509Chain, AForeignCaOfTheSameNameIsRefused) {
  const Identity foreign = world_.issue("Root", CertificateUse::kRootCa);
  world_.put_ca("root", foreign.certificate, true);
  group("all", foreign);
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).outcome, Outcome::kRefused);
}

TEST_F(AttestX509Chain, AGroupByCaReferenceFollowsTheName) {  // service-api.md 4, R-057
  world_.put_ca("root", root_.certificate, true);
  world_.enroll(EnrollmentKind::kGroup, "all",
                R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"root"}}}})");
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).outcome, Outcome::kAccepted);
  world_.must(world_.store().remove_certificate(world_.instance(), "root",
                                                [](const model::CaCertificate&) -> Result<void> { return {}; }));
  EXPECT_EQ(judge(leaf_, {intermediate_.certificate}).outcome, Outcome::kRefused);
}

TEST_F(AttestX509Chain, AnExpiredCertificateAtAnyLevelIsRefusedUnderStrict) {  // R-051
  const TimePoint now = world_.clock.now();
  const Identity old = world_.issue("Old line", CertificateUse::kIntermediateCa, &root_, now - std::chrono::days(9),
                                    now - std::chrono::days(1));
  const Identity leaf = world_.issue("dev-1", CertificateUse::kClient, &old);
  world_.put_ca("root", root_.certificate, true);
  group("old", old);
  EXPECT_EQ(judge(leaf, {old.certificate}).reason, Reason::kInvalidCertificate);
  AttestationSettings leaf_only;
  leaf_only.path.expiry = crypto::ExpiryRule::kLeafOnly;
  EXPECT_EQ(judge(world_.certificate_request("dev-1", leaf.certificate, {old.certificate}), leaf_only).outcome,
            Outcome::kAccepted);
}

// R-030, R-031, R-032, R-144: every combination of enabled and disabled entries on the way up decides by the nearest.
TEST_F(AttestX509Chain, TheNearestEntryDecidesInEveryCombination) {
  world_.put_ca("root", root_.certificate, true);
  enum class Entry { kAbsent, kEnabled, kDisabled };
  const auto write = [&](EnrollmentKind kind, const std::string& id, const std::string& role, const Certificate& cert,
                         Entry entry) {
    const auto always = [](const model::Enrollment&) -> Result<void> { return {}; };
    (void)wait_for(world_.store().remove_enrollment(world_.instance(), kind, id, always));
    if (entry == Entry::kAbsent) return;
    world_.enroll(kind, id, x509_body(role, cert, entry == Entry::kDisabled ? std::string(kDisabled) : ""));
  };
  const auto outcome = [](Entry entry) { return entry == Entry::kEnabled ? Outcome::kAccepted : Outcome::kDisabled; };
  constexpr std::array kEntries{Entry::kAbsent, Entry::kEnabled, Entry::kDisabled};
  for (const Entry individual : kEntries) {
    for (const Entry lower : kEntries) {
      for (const Entry upper : kEntries) {
        write(EnrollmentKind::kIndividual, "dev-1", "clientCertificates", leaf_.certificate, individual);
        write(EnrollmentKind::kGroup, "lower", "signingCertificates", intermediate_.certificate, lower);
        write(EnrollmentKind::kGroup, "upper", "signingCertificates", root_.certificate, upper);
        Outcome expected = Outcome::kRefused;
        if (upper != Entry::kAbsent) expected = outcome(upper);
        if (lower != Entry::kAbsent) expected = outcome(lower);
        if (individual != Entry::kAbsent) expected = outcome(individual);
        const Decision decision = judge(leaf_, {intermediate_.certificate});
        EXPECT_EQ(decision.outcome, expected) << static_cast<int>(individual) << static_cast<int>(lower)
                                              << static_cast<int>(upper) << " " << summarize(decision.checks);
      }
    }
  }
}

}  // namespace
}  // namespace muster::provisioning
