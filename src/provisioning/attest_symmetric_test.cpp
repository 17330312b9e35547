#include "provisioning/attest_symmetric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using model::EnrollmentKind;
using testing::key_of;
using testing::kKeyA;
using testing::kKeyB;
using testing::symmetric_body;
using testing::World;

class AttestSymmetric : public ::testing::Test {
 protected:
  Decision judge(const DeviceRequest& request) { return world_.must(attest_symmetric(request, world_.store(), {})); }

  World world_;
};

TEST_F(AttestSymmetric, BothKeysOfAnIndividualEnrollmentAreGood) {  // R-131
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  for (const auto key : {kKeyA, kKeyB}) {
    const Decision decision = judge(world_.signed_request("dev-1", key_of(key)));
    EXPECT_EQ(decision.outcome, Outcome::kAccepted) << summarize(decision.checks);
    const auto& credential = std::get<model::SasCredential>(*decision.credential);
    EXPECT_EQ(credential.primary, key_of(kKeyA));  // hub-api.md 5.1: the enrollment's keys
    EXPECT_EQ(credential.secondary, key_of(kKeyB));
  }
}

TEST_F(AttestSymmetric, AWrongKeyIsRefused) {  // R-133
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  const Decision decision = judge(world_.signed_request("dev-1", SecretBytes(Bytes(32, 7))));
  EXPECT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_EQ(decision.reason, Reason::kWrongKey);
}

TEST_F(AttestSymmetric, IdsCompareWithoutCase) {  // R-005
  world_.enroll(EnrollmentKind::kIndividual, "Dev-1", symmetric_body());
  EXPECT_EQ(judge(world_.signed_request("dEV-1", key_of(kKeyA))).outcome, Outcome::kAccepted);
}

TEST_F(AttestSymmetric, ATokenForAnotherDeviceIsRefused) {  // device-api.md 4.1 step 2
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  auto request = world_.signed_request("dev-2", key_of(kKeyA));
  request.registration_id = "dev-1";
  EXPECT_EQ(judge(request).reason, Reason::kForeignResource);
}

TEST_F(AttestSymmetric, ATokenIsGoodForFiveMinutesBeyondItsEnd) {  // device-api.md 4.1 step 3
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  auto request = world_.signed_request("dev-1", key_of(kKeyA));
  const TimePoint end = world_.clock.now() + std::chrono::hours(1);
  request.at = end + std::chrono::minutes(5);
  EXPECT_EQ(judge(request).outcome, Outcome::kAccepted);
  request.at = end + std::chrono::minutes(5) + std::chrono::seconds(1);
  const Decision late = judge(request);
  EXPECT_EQ(late.reason, Reason::kExpiredToken);
  EXPECT_THAT(late.checks.back().facts, ::testing::HasSubstr("ended 301 s ago"));
}

TEST_F(AttestSymmetric, MalformedTokensAreRefused) {
  for (const char* token : {"", "Bearer x", "SharedAccessSignature sr=a", "SharedAccessSignature sr=a&sig=!&se=1"}) {
    auto request = world_.request("dev-1");
    request.evidence = SasEvidence{token};
    EXPECT_EQ(judge(request).reason, Reason::kMalformedToken) << token;
  }
}

TEST_F(AttestSymmetric, ADeviceOfAGroupUsesItsDerivedKey) {  // device-api.md 4.3, R-131
  world_.enroll(EnrollmentKind::kGroup, "line", symmetric_body());
  for (const auto master : {kKeyA, kKeyB}) {
    const auto key = crypto::derive_device_key(key_of(master), "dev-1");
    const Decision decision = judge(world_.signed_request("dev-1", key));
    EXPECT_EQ(decision.outcome, Outcome::kAccepted) << summarize(decision.checks);
    EXPECT_EQ(decision.enrollment->id, "line");
    const auto& credential = std::get<model::SasCredential>(*decision.credential);
    EXPECT_EQ(credential.primary, crypto::derive_device_key(key_of(kKeyA), "dev-1"));
    EXPECT_EQ(credential.secondary, crypto::derive_device_key(key_of(kKeyB), "dev-1"));
  }
}

TEST_F(AttestSymmetric, TheMasterKeyItselfIsRefused) {  // R-132
  world_.enroll(EnrollmentKind::kGroup, "line", symmetric_body());
  EXPECT_EQ(judge(world_.signed_request("dev-1", key_of(kKeyA))).outcome, Outcome::kRefused);
}

TEST_F(AttestSymmetric, AKeyDerivedFromTheLowerCaseIdIsGoodToo) {  // device-api.md 4.3 CHOICE
  world_.enroll(EnrollmentKind::kGroup, "line", symmetric_body());
  const auto key = crypto::derive_device_key(key_of(kKeyA), "dev-1");
  const Decision decision = judge(world_.signed_request("DEV-1", key));
  EXPECT_EQ(decision.outcome, Outcome::kAccepted);
  EXPECT_EQ(decision.derivation_id, "dev-1");
}

TEST_F(AttestSymmetric, TheIndividualEnrollmentAloneDecides) {  // R-030
  world_.enroll(EnrollmentKind::kGroup, "line", symmetric_body());
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", R"({"attestation":{"type":"symmetricKey"}})");
  const auto key = crypto::derive_device_key(key_of(kKeyA), "dev-1");
  EXPECT_EQ(judge(world_.signed_request("dev-1", key)).reason, Reason::kWrongKey);
  EXPECT_EQ(judge(world_.signed_request("dev-2", crypto::derive_device_key(key_of(kKeyA), "dev-2"))).outcome,
            Outcome::kAccepted);
}

TEST_F(AttestSymmetric, AnIndividualEnrollmentOfAnotherKindShutsTheDeviceOut) {  // R-030, R-143
  world_.enroll(EnrollmentKind::kGroup, "line", symmetric_body());
  const auto leaf = world_.issue("dev-1", crypto::CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", testing::x509_body("clientCertificates", leaf.certificate));
  const auto key = crypto::derive_device_key(key_of(kKeyA), "dev-1");
  EXPECT_EQ(judge(world_.signed_request("dev-1", key)).reason, Reason::kWrongAttestation);
}

TEST_F(AttestSymmetric, ADisabledEntryProvesButDoesNotLetIn) {  // R-074
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(R"(,"provisioningStatus":"disabled")"));
  world_.enroll(EnrollmentKind::kGroup, "line",
                R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string(kKeyB) +
                    R"(","secondaryKey":")" + std::string(kKeyB) + R"("}},"provisioningStatus":"disabled"})");
  EXPECT_EQ(judge(world_.signed_request("dev-1", key_of(kKeyA))).outcome, Outcome::kDisabled);
  const auto derived = crypto::derive_device_key(key_of(kKeyB), "dev-2");
  EXPECT_EQ(judge(world_.signed_request("dev-2", derived)).outcome, Outcome::kDisabled);
}

TEST_F(AttestSymmetric, TheRightOneOfManyGroupsIsFound) {  // R-035
  for (int i = 0; i < 20; ++i) {
    world_.enroll(EnrollmentKind::kGroup, "g" + std::to_string(i), R"({"attestation":{"type":"symmetricKey"}})");
  }
  world_.enroll(EnrollmentKind::kGroup, "mine", symmetric_body());
  const Decision decision = judge(world_.signed_request("dev-1", crypto::derive_device_key(key_of(kKeyB), "dev-1")));
  ASSERT_TRUE(decision.enrollment);
  EXPECT_EQ(decision.enrollment->id, "mine");
}

}  // namespace
}  // namespace muster::provisioning
