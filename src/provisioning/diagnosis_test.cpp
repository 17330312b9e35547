#include "provisioning/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/test_certificates.h"
#include "provisioning/attest.h"
#include "provisioning/attest_symmetric.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using crypto::CertificateUse;
using crypto::testing::Party;
using crypto::testing::TestRequest;
using model::EnrollmentKind;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::IsEmpty;
using testing::key_of;
using testing::kKeyA;
using testing::kKeyB;
using testing::symmetric_body;
using testing::tpm_body;
using testing::World;
using testing::x509_body;

constexpr std::string_view kDisabled = R"(,"provisioningStatus":"disabled")";

/// A device that comes with some evidence to an instance that a test prepares.
class Diagnosis : public ::testing::Test {
 protected:
  std::vector<model::Finding> findings(const DeviceRequest& request, const AttestationSettings& settings = {}) {
    const Decision decision = world_.must(attest(request, world_.store(), settings));
    return wait_for(diagnose(request, decision, settings, world_.store()));
  }
  /// The causes found, the main one first.
  std::vector<std::string> causes(const DeviceRequest& request, const AttestationSettings& settings = {}) {
    std::vector<std::string> out;
    for (const auto& each : findings(request, settings)) {
      EXPECT_NE(find_cause(each.cause), nullptr) << each.cause;
      facts_ += each.facts + "\n";
      out.push_back(each.cause);
    }
    return out;
  }
  std::vector<std::string> causes_of_token(const std::string& id, std::string token) {
    DeviceRequest request = world_.request(id);
    request.evidence = SasEvidence{std::move(token)};
    return causes(request);
  }
  std::string token(const std::string& resource, const SecretBytes& key, std::chrono::seconds life) {
    return wire::make_sas_token(resource, key, world_.clock.now() + life, "registration");
  }
  std::string own_token(const SecretBytes& key, std::chrono::seconds life = std::chrono::hours(1)) {
    return token(std::string(World::kScope) + "/registrations/dev-1", key, life);
  }

  // --- certificates ------------------------------------------------------------------------------------------------
  /// Valid from a day ago for a year unless a test says otherwise.
  TestRequest dated(TestRequest request) {
    request.not_before = world_.clock.now() - std::chrono::days(1);
    request.not_after = world_.clock.now() + std::chrono::days(365);
    return request;
  }
  Party root(const std::string& name = "Plant Root") {
    return crypto::testing::make_party(dated(crypto::testing::ca_request(name)));
  }
  Party intermediate(const Party& issuer, const std::string& name = "Line CA") {
    return crypto::testing::make_party(dated(crypto::testing::ca_request(name)), &issuer);
  }
  Party leaf(const Party& issuer, const std::string& name = "dev-1") {
    return crypto::testing::make_party(dated(crypto::testing::leaf_request(name)), &issuer);
  }
  void enroll_group(const Party& ca, std::string_view more = "") {
    world_.enroll(EnrollmentKind::kGroup, "line7", x509_body("signingCertificates", ca.certificate, std::string(more)));
  }
  void trust(const Party& ca) { world_.put_ca("plant-root", ca.certificate, true); }
  std::vector<std::string> causes_of(const Party& device, std::vector<crypto::Certificate> chain = {},
                                     const std::string& id = "dev-1") {
    return causes(world_.certificate_request(id, device.certificate, std::move(chain)));
  }
  /// The causes for a leaf made of `request` directly below a trusted root with a group.
  std::vector<std::string> causes_below_root(const TestRequest& request) {
    const Party ca = root();
    trust(ca);
    enroll_group(ca);
    return causes_of(crypto::testing::make_party(request, &ca));
  }
  /// The causes for a good leaf below an intermediate made of `request`.
  std::vector<std::string> causes_below(const TestRequest& request) {
    const Party ca = root();
    trust(ca);
    enroll_group(ca);
    const Party middle = crypto::testing::make_party(request, &ca);
    return causes_of(leaf(middle), {middle.certificate});
  }

  World world_;
  std::string facts_;
};

// --- tokens ---------------------------------------------------------------------------------------------------------

TEST_F(Diagnosis, AnAcceptedDeviceHasNoFindings) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA))), IsEmpty());
}

TEST_F(Diagnosis, NoCredentials) {
  EXPECT_THAT(causes(world_.request("dev-1")), ElementsAre("no-credentials"));
}

TEST_F(Diagnosis, OtherAuthorizationScheme) {
  EXPECT_THAT(causes_of_token("dev-1", "Bearer eyJhbGciOi"), ElementsAre("other-authorization-scheme"));
}

TEST_F(Diagnosis, MalformedToken) {
  EXPECT_THAT(causes_of_token("dev-1", "SharedAccessSignature sr=a&sig=!!&se=1"), ElementsAre("malformed-token"));
  EXPECT_THAT(facts_, HasSubstr("sig"));
}

TEST_F(Diagnosis, TokenForOtherScope) {
  EXPECT_THAT(causes_of_token("dev-1", token("0neOTHER/registrations/dev-1", key_of(kKeyA), std::chrono::hours(1))),
              ElementsAre("token-for-other-scope"));
}

TEST_F(Diagnosis, TokenForOtherDevice) {
  EXPECT_THAT(causes_of_token("dev-2", own_token(key_of(kKeyA))), ElementsAre("token-for-other-device"));
}

TEST_F(Diagnosis, TokenOfServiceApi) {
  EXPECT_THAT(causes_of_token("dev-1", token("muster.test", key_of(kKeyA), std::chrono::hours(1))),
              ElementsAre("token-of-service-api"));
}

TEST_F(Diagnosis, TokenExpired) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA), -std::chrono::days(200))),
              ElementsAre("token-expired"));
  EXPECT_THAT(facts_, HasSubstr("200 d ago"));
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(Bytes(32, 1)), -std::chrono::hours(1))),
              ElementsAre("token-expired"));
}

TEST_F(Diagnosis, DeviceClockBehindIsMeasured) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA), -std::chrono::minutes(70))),
              ElementsAre("device-clock-behind"));
  EXPECT_THAT(facts_, HasSubstr("2 h 10 min behind"));
}

TEST_F(Diagnosis, DeviceClockBehindIsSeenForGroupsToo) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  const auto keys = device_keys({key_of(kKeyA), key_of(kKeyB)}, "dev-1");
  EXPECT_THAT(causes_of_token("dev-1", own_token(keys.primary, -std::chrono::minutes(70))),
              ElementsAre("device-clock-behind"));
}

TEST_F(Diagnosis, DeviceClockUnset) {
  EXPECT_THAT(causes_of_token("dev-1", wire::make_sas_token(std::string(World::kScope) + "/registrations/dev-1",
                                                            key_of(kKeyA), from_micros(3'600'000'000), "registration")),
              ElementsAre("device-clock-unset"));
}

TEST_F(Diagnosis, WrongKey) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(Bytes(32, 1)))), ElementsAre("wrong-key"));
}

TEST_F(Diagnosis, GroupKeyUsedDirectly) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyB))), ElementsAre("group-key-used-directly"));
  EXPECT_THAT(facts_, HasSubstr("line7"));
}

TEST_F(Diagnosis, KeyDerivedFromGroupBehindAnIndividualEnrollment) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", R"({"attestation":{"type":"symmetricKey"}})");
  const auto keys = device_keys({key_of(kKeyA), key_of(kKeyB)}, "dev-1");
  EXPECT_THAT(causes_of_token("dev-1", own_token(keys.primary)), ElementsAre("key-derived-from-group"));
}

TEST_F(Diagnosis, KeyDerivedForOtherSpelling) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  const auto keys = device_keys({key_of(kKeyA), key_of(kKeyB)}, "DEV-1");
  EXPECT_THAT(causes_of_token("dev-1", own_token(keys.secondary)), ElementsAre("key-derived-for-other-id"));
}

TEST_F(Diagnosis, KeyNotDecoded) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(as_bytes(kKeyA)))), ElementsAre("key-not-decoded"));
}

TEST_F(Diagnosis, DerivedKeyNotDecoded) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  const auto keys = device_keys({key_of(kKeyA), key_of(kKeyB)}, "dev-1");
  const std::string text = to_base64(keys.primary.reveal());
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(as_bytes(text)))), ElementsAre("key-not-decoded"));
}

TEST_F(Diagnosis, NoEnrollment) {
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA))), ElementsAre("no-enrollment"));
}

TEST_F(Diagnosis, NoGroupDerivesKey) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(Bytes(32, 1)))), ElementsAre("no-group-derives-key"));
}

TEST_F(Diagnosis, SimilarIdEnrolled) {
  for (const char* slip : {"dev_1", "dev1", "dev-01", "dev.1"}) {
    World world;
    world.enroll(EnrollmentKind::kIndividual, slip, symmetric_body());
    const auto request = world.signed_request("dev-1", key_of(kKeyA));
    const auto decision = world.must(attest(request, world.store(), {}));
    const auto found = wait_for(diagnose(request, decision, {}, world.store()));
    ASSERT_EQ(found.size(), 2U) << slip;
    EXPECT_EQ(found[1], finding(Cause::kSimilarIdEnrolled, slip));
  }
}

TEST_F(Diagnosis, EnrollmentDeleted) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body());
  model::Registration record;
  record.registration_id = "dev-1";
  record.enrollment_kind = EnrollmentKind::kGroup;
  record.enrollment_id = "line6";
  model::Operation operation;
  operation.id = "o1";
  operation.registration_id = "dev-1";
  world_.must(world_.store().begin_operation(world_.instance(), operation, record, nullptr));
  EXPECT_THAT(causes_of_token("dev-1", own_token(SecretBytes(Bytes(32, 1)))),
              ElementsAre("no-group-derives-key", "enrollment-deleted"));
  EXPECT_THAT(facts_, HasSubstr("line6"));
}

TEST_F(Diagnosis, DemandsCertificate) {
  const Identity device = world_.issue("dev-1", CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", device.certificate));
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA))), ElementsAre("demands-certificate"));
}

TEST_F(Diagnosis, DemandsTpm) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", tpm_body());
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA))), ElementsAre("demands-tpm"));
  EXPECT_THAT(causes_of(crypto::testing::make_party(dated(crypto::testing::leaf_request("dev-1")))),
              ElementsAre("demands-tpm"));
}

TEST_F(Diagnosis, EnrollmentDisabled) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(std::string(kDisabled)));
  EXPECT_THAT(causes_of_token("dev-1", own_token(key_of(kKeyA))), ElementsAre("enrollment-disabled"));
}

TEST_F(Diagnosis, GroupDisabled) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body(std::string(kDisabled)));
  const auto keys = device_keys({key_of(kKeyA), key_of(kKeyB)}, "dev-1");
  EXPECT_THAT(causes_of_token("dev-1", own_token(keys.primary)), ElementsAre("group-disabled"));
}

// --- certificates ---------------------------------------------------------------------------------------------------

TEST_F(Diagnosis, NoCommonName) {
  TestRequest request = dated(crypto::testing::leaf_request("dev-1"));
  request.common_names = {"dev-1", "dev-2"};
  EXPECT_THAT(causes_of(crypto::testing::make_party(request)), ElementsAre("no-common-name"));
}

TEST_F(Diagnosis, CommonNameMismatch) {
  EXPECT_THAT(causes_of(crypto::testing::make_party(dated(crypto::testing::leaf_request("pump-9")))),
              ElementsAre("common-name-mismatch"));
}

TEST_F(Diagnosis, CommonNameNearMiss) {
  for (const char* name : {"dev_1", " dev-1", "urn:dev-1", "DEV-01"}) {
    EXPECT_THAT(causes_of(crypto::testing::make_party(dated(crypto::testing::leaf_request(name)))),
                ElementsAre("common-name-near-miss"))
        << name;
  }
}

TEST_F(Diagnosis, ACommonNameInOtherCaseIsNoFault) {  // R-022
  const Party device = crypto::testing::make_party(dated(crypto::testing::leaf_request("DEV-1")));
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", device.certificate));
  EXPECT_THAT(causes_of(device), IsEmpty());
}

TEST_F(Diagnosis, DemandsToken) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
  EXPECT_THAT(causes_of(crypto::testing::make_party(dated(crypto::testing::leaf_request("dev-1")))),
              ElementsAre("demands-token"));
}

TEST_F(Diagnosis, CertificateNotEnrolled) {
  const Party ca = root();
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", leaf(ca).certificate));
  const Party other = leaf(root("Other Root"));
  EXPECT_THAT(causes_of(other), ElementsAre("certificate-not-enrolled"));
  EXPECT_THAT(facts_, HasSubstr(other.certificate.thumbprint()));
}

TEST_F(Diagnosis, CertificateRenewedForTheSameKey) {
  const Party ca = root();
  const Party first = leaf(ca);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", first.certificate));
  const auto renewed = crypto::testing::sign(dated(crypto::testing::leaf_request("dev-1")), first.key, &ca);
  EXPECT_THAT(causes(world_.certificate_request("dev-1", renewed)), ElementsAre("certificate-renewed"));
}

TEST_F(Diagnosis, CertificateReissuedWithAnotherKey) {
  const Party ca = root();
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", x509_body("clientCertificates", leaf(ca).certificate));
  EXPECT_THAT(causes_of(leaf(ca)), ElementsAre("certificate-reissued"));
}

TEST_F(Diagnosis, SelfSignedNotEnrolled) {
  EXPECT_THAT(causes_of(crypto::testing::make_party(dated(crypto::testing::leaf_request("dev-1")))),
              ElementsAre("self-signed-not-enrolled"));
}

TEST_F(Diagnosis, NoGroupForCa) {
  const Party ca = root();
  trust(ca);
  EXPECT_THAT(causes_of(leaf(ca)), ElementsAre("no-group-for-ca"));
  EXPECT_THAT(facts_, HasSubstr("plant-root (verified)"));
}

TEST_F(Diagnosis, CaUnknown) {
  const Party ca = root();
  EXPECT_THAT(causes_of(leaf(ca), {ca.certificate}), ElementsAre("ca-unknown"));
}

TEST_F(Diagnosis, IntermediateMissing) {
  const Party ca = root();
  trust(ca);
  enroll_group(ca);
  EXPECT_THAT(causes_of(leaf(intermediate(ca))), ElementsAre("intermediate-missing"));
  EXPECT_THAT(facts_, HasSubstr("Line CA"));
}

TEST_F(Diagnosis, CaUnverified) {
  const Party ca = root();
  world_.put_ca("plant-root", ca.certificate, false);
  enroll_group(ca);
  EXPECT_THAT(causes_of(leaf(ca)), ElementsAre("ca-unverified"));
}

TEST_F(Diagnosis, ReferencedCaGone) {
  const Party ca = root();
  world_.put_ca("plant-root", ca.certificate, false);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"plant-root"}}}})");
  EXPECT_THAT(causes_of(leaf(ca)), ElementsAre("referenced-ca-gone"));
}

TEST_F(Diagnosis, ForeignCaOfSameName) {
  trust(root());
  const Party foreign = root();
  EXPECT_THAT(causes_of(leaf(foreign)), ElementsAre("foreign-ca-of-same-name"));
  EXPECT_THAT(causes_of(leaf(foreign), {foreign.certificate}), ElementsAre("foreign-ca-of-same-name"));
}

TEST_F(Diagnosis, LeafExpired) {
  TestRequest request = dated(crypto::testing::leaf_request("dev-1"));
  request.not_after = world_.clock.now() - std::chrono::days(3);
  EXPECT_THAT(causes_below_root(request), ElementsAre("leaf-expired"));
  EXPECT_THAT(facts_, HasSubstr("3 d ago"));
}

TEST_F(Diagnosis, LeafNotYetValidIsMeasured) {
  TestRequest request = dated(crypto::testing::leaf_request("dev-1"));
  request.not_before = world_.clock.now() + std::chrono::hours(2);
  EXPECT_THAT(causes_below_root(request), ElementsAre("leaf-not-yet-valid"));
  EXPECT_THAT(facts_, HasSubstr("in 2 h"));
}

TEST_F(Diagnosis, IssuerExpired) {
  TestRequest request = dated(crypto::testing::ca_request("Line CA"));
  request.not_after = world_.clock.now() - std::chrono::days(1);
  EXPECT_THAT(causes_below(request), ElementsAre("issuer-expired"));
}

TEST_F(Diagnosis, IssuerNotYetValid) {
  TestRequest request = dated(crypto::testing::ca_request("Line CA"));
  request.not_before = world_.clock.now() + std::chrono::days(1);
  EXPECT_THAT(causes_below(request), ElementsAre("issuer-not-yet-valid"));
}

TEST_F(Diagnosis, NotACa) {
  EXPECT_THAT(causes_below(dated(crypto::testing::request_with("Line CA", {}))), ElementsAre("not-a-ca"));
}

TEST_F(Diagnosis, PathTooLong) {
  TestRequest request = dated(crypto::testing::ca_request("Plant Root"));
  request.extensions[0].second = "critical,CA:TRUE,pathlen:0";
  const Party ca = crypto::testing::make_party(request);
  trust(ca);
  enroll_group(ca);
  const Party middle = intermediate(ca);
  EXPECT_THAT(causes_of(leaf(middle), {middle.certificate}), ElementsAre("path-too-long"));
}

TEST_F(Diagnosis, NameConstraint) {
  TestRequest request = dated(crypto::testing::ca_request("Line CA"));
  request.extensions.emplace_back(NID_name_constraints, "critical,permitted;DNS:plant.example.net");
  const Party ca = root();
  trust(ca);
  enroll_group(ca);
  const Party middle = crypto::testing::make_party(request, &ca);
  TestRequest outside = dated(crypto::testing::leaf_request("dev-1"));
  outside.extensions.emplace_back(NID_subject_alt_name, "DNS:elsewhere.example.com");
  EXPECT_THAT(causes_of(crypto::testing::make_party(outside, &middle), {middle.certificate}),
              ElementsAre("name-constraint"));
}

TEST_F(Diagnosis, KeyUsage) {
  TestRequest request = dated(crypto::testing::request_with("dev-1", {{NID_key_usage, "critical,keyEncipherment"}}));
  EXPECT_THAT(causes_below_root(request), ElementsAre("key-usage"));
}

TEST_F(Diagnosis, ExtendedKeyUsage) {
  TestRequest request = dated(crypto::testing::request_with("dev-1", {{NID_ext_key_usage, "serverAuth"}}));
  EXPECT_THAT(causes_below_root(request), ElementsAre("extended-key-usage"));
}

TEST_F(Diagnosis, WeakKey) {
  const Party ca = root();
  trust(ca);
  enroll_group(ca);
  const auto weak = crypto::testing::key_from(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
  const auto certificate = crypto::testing::sign(dated(crypto::testing::leaf_request("dev-1")), weak, &ca);
  EXPECT_THAT(causes(world_.certificate_request("dev-1", certificate)), ElementsAre("weak-key"));
}

TEST_F(Diagnosis, WeakSignature) {
  TestRequest request = dated(crypto::testing::leaf_request("dev-1"));
  request.digest = "SHA1";
  EXPECT_THAT(causes_below_root(request), ElementsAre("weak-signature"));
}

TEST_F(Diagnosis, UnknownCriticalExtension) {
  TestRequest request = dated(crypto::testing::leaf_request("dev-1"));
  request.unknown_critical_extension = "1.3.6.1.4.1.99999.1";
  EXPECT_THAT(causes_below_root(request), ElementsAre("unknown-critical-extension"));
}

TEST_F(Diagnosis, TooManyCertificates) {
  const Party ca = root();
  trust(ca);
  enroll_group(ca);
  std::vector<crypto::Certificate> chain;
  for (int i = 0; i < 9; ++i) chain.push_back(root("Ballast " + std::to_string(i)).certificate);
  EXPECT_THAT(causes_of(leaf(ca), chain), ElementsAre("too-many-certificates"));
}

TEST_F(Diagnosis, BadSignatureAndUnknownFaultsAreTold) {
  Decision decision;
  decision.reason = Reason::kInvalidCertificate;
  const Party device = crypto::testing::make_party(dated(crypto::testing::leaf_request("dev-1")));
  const auto with_fault = [&](const std::string& reason) {
    decision.path = crypto::PathReport{{{device.certificate, true, false, {{reason, "as seen"}}}}};
    return wait_for(diagnose(world_.certificate_request("dev-1", device.certificate), decision, {}, world_.store()));
  };
  EXPECT_EQ(with_fault("bad-signature").front().cause, "bad-signature");
  EXPECT_EQ(with_fault("malformed-extension").front().cause, "certificate-unacceptable");
  EXPECT_THAT(with_fault("malformed-extension").front().facts, HasSubstr("as seen"));
}

}  // namespace
}  // namespace muster::provisioning
