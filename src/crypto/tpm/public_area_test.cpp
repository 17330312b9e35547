#include "crypto/tpm/public_area.h"

#include <gmock/gmock.h>

#include "crypto/test_certificates.h"
#include "crypto/tpm/key_input.h"
#include "crypto/tpm/octets.h"
#include "crypto/tpm/test_tpm.h"

namespace muster::crypto::tpm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::public_of;
using testing::template_named;
using testing::TpmKey;

const TpmKey& rsa_ek() {
  static const TpmKey key("TCG L-1");
  return key;
}
const TpmKey& ecc_ek() {
  static const TpmKey key("TCG L-2");
  return key;
}

std::string refusal(const Bytes& octets) {
  const auto parsed = ParentKey::parse(octets, KeyRole::kEndorsement);
  return parsed ? "" : parsed.error().message;
}

/// The RSA key's structure with some octets at `offset` replaced.
Bytes with(Bytes octets, std::size_t offset, const Bytes& replacement) {
  std::ranges::copy(replacement, octets.begin() + static_cast<std::ptrdiff_t>(offset));
  return octets;
}

// Where the fields of an EK stand, the outer size included.
constexpr std::size_t kType = 2;
constexpr std::size_t kNameAlgorithm = 4;
constexpr std::size_t kAttributes = 6;
constexpr std::size_t kPolicySize = 10;
constexpr std::size_t kSymmetric = 44;
constexpr std::size_t kScheme = 50;
constexpr std::size_t kBits = 52;
constexpr std::size_t kExponent = 54;
constexpr std::size_t kModulusSize = 58;
constexpr std::size_t kModulus = 60;

TEST(TpmPublicArea, ReadsWhatClientsSend) {
  const auto area = parse_public(rsa_ek().octets).value();
  EXPECT_EQ(key_name(area), "RSA-2048");
  EXPECT_EQ(area.octets, rsa_ek().octets);
  EXPECT_EQ(symmetric_name(area.symmetric), "AES-128-CFB");
  EXPECT_EQ(key_name(parse_public(ecc_ek().octets).value()), "ECC P-256");
}

TEST(TpmPublicArea, TheSizeInFrontMayBeMissingInInputOnly) {  // device-api.md 5.1
  const Bytes bare(rsa_ek().octets.begin() + 2, rsa_ek().octets.end());
  EXPECT_EQ(parse_public_with_or_without_size(bare).value().octets, rsa_ek().octets);
  EXPECT_FALSE(parse_public(bare).has_value());
}

TEST(TpmPublicArea, EveryTruncationIsRefusedAndNamed) {
  for (const TpmKey* key : {&rsa_ek(), &ecc_ek()}) {
    for (std::size_t size = 0; size < key->octets.size(); ++size) {
      Bytes cut(key->octets.begin(), key->octets.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(parse_public(cut).has_value()) << size;
      if (size < 2) continue;
      // Also when the size in front says so.
      cut[0] = static_cast<std::uint8_t>((size - 2) >> 8);
      cut[1] = static_cast<std::uint8_t>(size - 2);
      const auto parsed = parse_public(cut);
      ASSERT_FALSE(parsed.has_value()) << size;
      EXPECT_THAT(parsed.error().message, HasSubstr("truncated"));
    }
  }
}

TEST(TpmPublicArea, NothingMayBeLeftOver) {
  Bytes longer = rsa_ek().octets;
  longer.push_back(0);
  EXPECT_THAT(refusal(longer), HasSubstr("states 314 octets, but 315"));
  longer[1] += 1;
  EXPECT_THAT(refusal(longer), HasSubstr("1 octets are left over"));
}

TEST(TpmPublicArea, RefusalsNameWhatIsWrong) {
  const Bytes& ek = rsa_ek().octets;
  EXPECT_THAT(refusal(with(ek, kType, {0, 8})), HasSubstr("type 0x0008 (keyed hash)"));
  EXPECT_THAT(refusal(with(ek, kNameAlgorithm, {0, 4})), HasSubstr("nameAlg SHA-1"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0, 3, 0, 0xb0})), HasSubstr("fixedTPM is clear"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0, 3, 0, 0xa2})), HasSubstr("fixedParent is clear"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0, 2, 0, 0xb2})), HasSubstr("restricted is clear"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0, 1, 0, 0xb2})), HasSubstr("decrypt is clear"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0, 7, 0, 0xb2})), HasSubstr("sign is set"));
  EXPECT_THAT(refusal(with(ek, kAttributes, {0x80, 3, 0, 0xb2})), HasSubstr("reserved bits"));
  EXPECT_THAT(refusal(with(ek, kPolicySize, {0, 0x1f})), HasSubstr("authPolicy has 31 octets"));
  EXPECT_THAT(refusal(with(ek, kSymmetric + 2, {0, 0xc0})), HasSubstr("AES-192-CFB"));
  EXPECT_THAT(refusal(with(ek, kScheme, {0, 0x15})), HasSubstr("scheme 0x0015"));
  EXPECT_THAT(refusal(with(ek, kBits, {4, 0})), HasSubstr("states 1024 bits"));
  EXPECT_THAT(refusal(with(ek, kExponent, {0, 0, 0, 3})), HasSubstr("exponent is 3"));
  EXPECT_THAT(refusal(with(ek, kModulusSize, {1, 1})), HasSubstr("truncated"));
  EXPECT_THAT(refusal(with(ek, kModulus, {0x7f})), HasSubstr("fewer than 2048 bits"));
  EXPECT_THAT(refusal(with(ek, ek.size() - 1, {0x00})), HasSubstr("even"));
  EXPECT_EQ(refusal(with(ek, kExponent, {0, 1, 0, 1})), "");
}

TEST(TpmPublicArea, PointsMustLieOnASupportedCurve) {
  const Bytes& ek = ecc_ek().octets;
  EXPECT_EQ(refusal(ek), "");
  EXPECT_THAT(refusal(with(ek, kBits, {0, 5})), HasSubstr("curve P-521 is not supported"));
  EXPECT_THAT(refusal(with(ek, kBits, {0, 0x10})), HasSubstr("curve 0x0010 is not supported"));
  EXPECT_THAT(refusal(with(ek, kBits, {0, 4})), HasSubstr("coordinate of a point on P-384 has 48 octets"));
  EXPECT_THAT(refusal(with(ek, ek.size() - 1, {static_cast<std::uint8_t>(ek.back() ^ 1)})),
              HasSubstr("does not lie on P-256"));
  EXPECT_THAT(refusal(with(ek, 58, Bytes(32, 0))), HasSubstr("does not lie"));
}

TEST(TpmTemplates, EveryTemplateMatchesItselfAndServes) {
  for (const KeyTemplate& known : key_templates()) {
    const auto area = parse_public(TpmKey(known.name).octets).value();
    EXPECT_EQ(nearest_template(area, known.role)->name, known.name);
    EXPECT_THAT(differences(area, known), IsEmpty());
    EXPECT_THAT(find_problems(area, known.role), IsEmpty()) << known.name;
  }
}

TEST(TpmTemplates, DifferencesAreNamed) {
  const auto area = parse_public(with(rsa_ek().octets, kAttributes, {0, 3, 4, 0x92})).value();
  EXPECT_THAT(differences(area, template_named("TCG L-1")),
              ElementsAre("attributes set that it leaves out: noDA", "attributes missing: sensitiveDataOrigin"));
  const auto other_policy = parse_public(with(rsa_ek().octets, kPolicySize + 2, Bytes(32, 0xab))).value();
  EXPECT_THAT(differences(other_policy, template_named("TCG L-1")), Contains(HasSubstr("policy abab")));
}

TEST(TpmKeyInput, PemOfAPublicKeyBecomesTheDefaultTemplate) {  // device-api.md 5.1
  for (const TpmKey* key : {&rsa_ek(), &ecc_ek()}) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_PUBKEY(bio.get(), key->key.get()), "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    EXPECT_EQ(endorsement_key_from_text({data, static_cast<std::size_t>(size)}).value().octets, key->octets);
  }
}

TEST(TpmKeyInput, TextAndFilesInAllForms) {
  const std::string text = to_base64(rsa_ek().octets);
  EXPECT_EQ(endorsement_key_from_text(text).value().octets, rsa_ek().octets);
  EXPECT_EQ(endorsement_key_from_text(text.substr(0, 64) + "\r\n" + text.substr(64) + "\n").value().octets,
            rsa_ek().octets);
  EXPECT_EQ(endorsement_key_from_file(as_text(rsa_ek().octets)).value().octets, rsa_ek().octets);
  EXPECT_EQ(endorsement_key_from_file(text).value().octets, rsa_ek().octets);
}

TEST(TpmKeyInput, ACertificateGivesItsKey) {
  const auto party = crypto::testing::make_party(crypto::testing::ca_request("EK"));
  const auto from_pem = endorsement_key_from_text(party.certificate.to_pem()).value();
  EXPECT_EQ(key_name(from_pem), "ECC P-256");
  const Bytes der = party.certificate.der();
  EXPECT_EQ(endorsement_key_from_file(as_text(der)).value().octets, from_pem.octets);
}

TEST(TpmKeyInput, OtherInputIsRefusedByName) {
  const auto message = [](std::string_view text) { return endorsement_key_from_text(text).error().message; };
  EXPECT_THAT(message("not base64!"), HasSubstr("not base64"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("AAEC"), HasSubstr("truncated"));
  EXPECT_THAT(message("-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n"), HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(message("-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n"), HasSubstr("cannot be read"));
  EXPECT_THAT(message("-----BEGIN PUBLIC KEY-----\nAAEC\n"), HasSubstr("no complete block"));
  EXPECT_THAT(message(to_base64(Bytes(3000, 1))), HasSubstr("too many"));
}

}  // namespace
}  // namespace muster::crypto::tpm
