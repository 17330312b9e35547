#include <gmock/gmock.h>

#include "model/enrollment_json.h"
#include "model/json.h"

namespace muster::model {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string body(std::string_view keys) {
  return R"({"attestation":{"type":"symmetricKey","symmetricKey":)" + std::string(keys) + "}}";
}

Result<Enrollment> put(std::string_view text, const Enrollment* current = nullptr) {
  static SequenceRandom random;
  return apply_put(EnrollmentKind::kGroup, "line7", *parse_json_object(text), current, TimePoint(), random);
}

const SymmetricKeyAttestation& keys_of(const Result<Enrollment>& enrollment) {
  return std::get<SymmetricKeyAttestation>(enrollment->attestation);
}

std::string base64_of_size(std::size_t size) {
  return to_base64(Bytes(size, 7));
}

std::string both(std::size_t size) {
  return body(R"({"primaryKey":")" + base64_of_size(size) + R"(","secondaryKey":")" + base64_of_size(size) + "\"}");
}

TEST(SymmetricKeys, AreGeneratedWhenNobodyGivesThem) {  // R-134: 64 octets each
  for (std::string_view keys : {"null", "{}", R"({"primaryKey":null,"secondaryKey":""})"}) {
    const auto enrollment = put(body(keys));
    ASSERT_TRUE(enrollment);
    EXPECT_EQ(keys_of(enrollment).primary.size(), 64U);
    EXPECT_EQ(keys_of(enrollment).secondary.size(), 64U);
    EXPECT_NE(keys_of(enrollment).primary, keys_of(enrollment).secondary);
  }
}

TEST(SymmetricKeys, AreGeneratedOneByOne) {
  const auto enrollment = put(body(R"({"secondaryKey":"BwcHBwcHBwcHBwcHBwcHBw=="})"));
  ASSERT_TRUE(enrollment);
  EXPECT_EQ(keys_of(enrollment).primary.size(), 64U);
  EXPECT_EQ(keys_of(enrollment).secondary, SecretBytes(Bytes(16, 7)));
}

TEST(SymmetricKeys, HiddenInTheBodyAreKept) {  // service-api.md 3.5.4
  const auto first = put(both(32));
  ASSERT_TRUE(first);
  for (const std::string& text : {std::string(R"({"attestation":{"type":"symmetricKey"}})"), body("null"), body("{}"),
                                  body(R"({"primaryKey":"","secondaryKey":null})")}) {
    const auto second = put(text, &*first);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->attestation, first->attestation) << text;
  }
}

TEST(SymmetricKeys, MayBeReplacedOneByOne) {
  const auto first = put(both(32));
  ASSERT_TRUE(first);
  const auto second = put(body(R"({"primaryKey":"CAgICAgICAgICAgICAgICA=="})"), &*first);
  ASSERT_TRUE(second);
  EXPECT_EQ(keys_of(second).primary, SecretBytes(Bytes(16, 8)));
  EXPECT_EQ(keys_of(second).secondary, keys_of(first).secondary);
}

TEST(SymmetricKeys, AreGeneratedWhenTheStoredAttestationWasAnother) {  // service-api.md 3.2: full replace
  const auto first = put(R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"root"}}}})");
  ASSERT_TRUE(first);
  const auto second = put(body("null"), &*first);
  ASSERT_TRUE(second);
  EXPECT_EQ(keys_of(second).primary.size(), 64U);
}

TEST(SymmetricKeys, Have16To64Octets) {  // R-134
  for (std::size_t size : {16U, 36U, 64U}) EXPECT_TRUE(put(both(size))) << size;
  for (std::size_t size : {1U, 15U, 65U}) {
    EXPECT_THAT(put(both(size)).error().message,
                StartsWith("attestation.symmetricKey.primaryKey: must have 16 to 64 octets"));
  }
}

TEST(SymmetricKeys, MustBeBase64TextsAndAreNotRepeatedInErrors) {
  for (std::string_view key : {R"("c2VjcmV0")", R"("c2VjcmV0a2V5!!!!")", "17", "{}"}) {
    const auto enrollment =
        put(body(R"({"primaryKey":"BwcHBwcHBwcHBwcHBwcHBw==","secondaryKey":)" + std::string(key) + "}"));
    ASSERT_FALSE(enrollment) << key;
    EXPECT_THAT(enrollment.error().message, StartsWith("attestation.symmetricKey.secondaryKey: "));
    EXPECT_THAT(enrollment.error().message + enrollment.error().detail, Not(HasSubstr("c2VjcmV0")));
  }
  EXPECT_THAT(put(body("[]")).error().message, StartsWith("attestation.symmetricKey: must be an object"));
}

TEST(SymmetricKeys, AreShownOnlyInTheViewWithKeys) {  // service-api.md 3.6
  const auto enrollment = put(both(32));
  ASSERT_TRUE(enrollment);
  EXPECT_TRUE(attestation_to_json(enrollment->attestation, EnrollmentView::kWithKeys).contains("symmetricKey"));
  EXPECT_FALSE(attestation_to_json(enrollment->attestation, EnrollmentView::kPublic).contains("symmetricKey"));
}

}  // namespace
}  // namespace muster::model
