#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "model/enrollment_json.h"

namespace muster::model {
namespace {

EnrolledCertificate certificate(char name) {
  return {.info = {.subject_name = std::string("CN=\"") + name + "\\,\"",
                   .issuer_name = "CN=\xc3\xa4",
                   .sha1_thumbprint = std::string(40, name),
                   .sha256_thumbprint = std::string(64, name),
                   .not_before = TimePoint(std::chrono::seconds(-1)),
                   .not_after = TimePoint(std::chrono::seconds(253402300799)),
                   .serial_number = "3D5F0A",
                   .version = 1},
          .der = {}};
}

std::vector<Attestation> attestations() {
  return {SymmetricKeyAttestation{},
          CertificateAttestation{CertificateRole::kClient, certificate('A'), std::nullopt},
          CertificateAttestation{CertificateRole::kSigning, std::nullopt, certificate('B')},
          CertificateAttestation{CertificateRole::kSigning, certificate('A'), certificate('B')},
          CaReferenceAttestation{"root", ""},
          CaReferenceAttestation{"", "root-2027"},
          TpmAttestation{"AToAAQ==", ""},
          TpmAttestation{"a", "b"}};
}

bool flip(SequenceRandom& random) {
  return random.bytes(1)[0] % 2 == 0;
}

std::string word(SequenceRandom& random) {
  return hex_lower(random.bytes(4));
}

boost::json::object any_object(SequenceRandom& random) {
  boost::json::object out;
  out[word(random)] = boost::json::parse(R"({"a":[1,-2,true,null,"\u00e4\n"]})");
  out[""] = word(random);
  return out;
}

/// An enrollment whose members are there or not by chance.
Enrollment any_enrollment(SequenceRandom& random, Attestation attestation) {
  Enrollment out;
  out.kind = flip(random) ? EnrollmentKind::kIndividual : EnrollmentKind::kGroup;
  out.id = word(random);
  out.attestation = std::move(attestation);
  if (out.kind == EnrollmentKind::kIndividual) {
    if (flip(random)) out.device_id = word(random);
    if (flip(random)) out.device_information = any_object(random);
  }
  if (flip(random)) out.status = ProvisioningStatus::kDisabled;
  if (flip(random)) out.allocation_policy = static_cast<AllocationPolicy>(random.bytes(1)[0] % 4);
  if (flip(random)) out.iot_hubs = std::vector<std::string>(random.bytes(1)[0] % 3, word(random));
  if (flip(random)) out.iot_hub_host_name = word(random);
  if (flip(random)) out.custom_allocation = CustomAllocation{word(random), word(random)};
  if (flip(random)) out.reprovision_policy = ReprovisionPolicy{flip(random), flip(random)};
  if (flip(random)) out.iot_edge = flip(random);
  if (flip(random)) out.initial_twin = any_object(random);
  if (flip(random)) out.preview_members = any_object(random);
  out.etag = word(random);
  out.created = TimePoint(std::chrono::microseconds(random.bytes(1)[0]));
  out.updated = TimePoint(std::chrono::microseconds(1'773'340'946'613'402));
  return out;
}

TEST(StoredEnrollment, SurvivesWritingAndReading) {
  SequenceRandom random;
  for (int round = 0; round < 50; ++round) {
    for (const Attestation& attestation : attestations()) {
      const Enrollment enrollment = any_enrollment(random, attestation);
      const std::string text = boost::json::serialize(to_stored_json(enrollment));
      ASSERT_EQ(from_stored_json(boost::json::parse(text).get_object()), enrollment) << text;
    }
  }
}

TEST(StoredEnrollment, HoldsNoKeysAndNoCertificates) {
  SequenceRandom random;
  const SymmetricKeyAttestation keys{SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))};
  const auto stored = to_stored_json(any_enrollment(random, keys));
  EXPECT_EQ(boost::json::serialize(stored).find("AQEB"), std::string::npos);
  EXPECT_EQ(from_stored_json(stored)->attestation, Attestation(SymmetricKeyAttestation()));

  EnrolledCertificate with_der = certificate('A');
  with_der.der = Bytes{1, 2, 3};
  const auto read = from_stored_json(
      to_stored_json(any_enrollment(random, CertificateAttestation{CertificateRole::kClient, with_der, {}})));
  ASSERT_TRUE(read);
  EXPECT_THAT(std::get<CertificateAttestation>(read->attestation).primary->der, testing::IsEmpty());
}

TEST(StoredEnrollment, IsRefusedWhenDamaged) {
  SequenceRandom random;
  const auto good = to_stored_json(any_enrollment(random, attestations()[3]));
  for (std::string_view member : {"kind", "id", "attestation", "created", "updated"}) {
    for (const boost::json::value& damage : {boost::json::value(nullptr), boost::json::value(""),
                                             boost::json::value(1.5), boost::json::value(boost::json::array())}) {
      auto damaged = good;
      damaged[member] = damage;
      const auto read = from_stored_json(damaged);
      ASSERT_FALSE(read) << member;
      EXPECT_EQ(read.error().code, ErrorCode::kInternal);
      EXPECT_EQ(read.error().message, "Stored data is damaged.");
      EXPECT_THAT(read.error().detail, testing::HasSubstr(std::string(member)));
    }
  }
  for (std::string_view member : {"type", "role", "primary"}) {
    auto damaged = good;
    damaged["attestation"].get_object()[member] = "strange";
    EXPECT_FALSE(from_stored_json(damaged)) << member;
  }
}

}  // namespace
}  // namespace muster::model
