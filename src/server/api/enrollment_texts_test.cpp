#include "server/api/enrollment_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

using model::EnrollmentKind;
using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const model::Enrollment> entry(const std::string& etag,
                                               EnrollmentKind kind = EnrollmentKind::kIndividual) {
  model::Enrollment out;
  out.kind = kind;
  out.id = "unit-1";
  out.etag = etag;
  out.attestation = model::SymmetricKeyAttestation{SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))};
  return std::make_shared<const model::Enrollment>(std::move(out));
}

std::shared_ptr<const model::Registration> record(const std::string& hub) {
  model::Registration out;
  out.registration_id = "unit-1";
  out.status = model::RegistrationStatus::kAssigned;
  out.assigned_hub = hub;
  return std::make_shared<const model::Registration>(std::move(out));
}

TEST(EnrollmentTexts, ShowTheEntryWithTheStateOfItsDevice) {
  EnrollmentTexts texts;
  const auto unit = entry("e1");
  const std::string never = texts.text_of(unit, nullptr);
  EXPECT_THAT(never, HasSubstr(R"("etag":"e1")"));
  EXPECT_THAT(never, HasSubstr(R"("registrationState":{"registrationId":"unit-1","status":"unassigned"})"));
  EXPECT_THAT(texts.text_of(unit, record("a.example.net")), HasSubstr(R"("assignedHub":"a.example.net")"));
  EXPECT_THAT(texts.text_of(entry("e1", EnrollmentKind::kGroup), nullptr), Not(HasSubstr("registrationState")));
}

TEST(EnrollmentTexts, HaveNoKeys) {
  EnrollmentTexts texts;
  EXPECT_THAT(texts.text_of(entry("e1"), nullptr), Not(HasSubstr("primaryKey")));
}

TEST(EnrollmentTexts, AreTheSameForTheSameObjects) {
  EnrollmentTexts texts;
  const auto unit = entry("e1");
  const auto state = record("a.example.net");
  const std::string first = texts.text_of(unit, state);
  EXPECT_EQ(texts.text_of(unit, state), first);
}

TEST(EnrollmentTexts, AreMadeAnewForOtherObjects) {
  EnrollmentTexts texts;
  const auto unit = entry("e1");
  texts.text_of(unit, nullptr);
  const auto assigned = record("a.example.net");
  EXPECT_THAT(texts.text_of(unit, assigned), HasSubstr("a.example.net")) << "it registered";
  EXPECT_THAT(texts.text_of(unit, record("b.example.net")), HasSubstr("b.example.net")) << "it moved";
  EXPECT_THAT(texts.text_of(unit, nullptr), HasSubstr("unassigned")) << "its record was deleted";
  EXPECT_THAT(texts.text_of(entry("e2"), nullptr), HasSubstr(R"("etag":"e2")")) << "the entry was replaced";
}

/// The allocator likes to give the memory of one out to the next.
TEST(EnrollmentTexts, TakeNoLaterObjectForAFormerOne) {
  EnrollmentTexts texts;
  for (int i = 0; i < 100; ++i) {
    const std::string etag = "e" + std::to_string(i);
    EXPECT_THAT(texts.text_of(entry(etag), record(etag + ".example.net")),
                AllOf(HasSubstr('"' + etag + '"'), HasSubstr(etag + ".example.net")));
  }
}

TEST(EnrollmentTexts, LargeOnesAreMadeEachTime) {
  EnrollmentTexts texts;
  const auto large = entry(std::string(100'000, 'x'));
  const std::string first = texts.text_of(large, nullptr);
  EXPECT_GT(first.size(), 100'000U);
  EXPECT_EQ(texts.text_of(large, nullptr), first);
}

}  // namespace
}  // namespace muster::server
