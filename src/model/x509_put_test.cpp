#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "crypto/issue.h"
#include "model/enrollment_json.h"
#include "model/json.h"

namespace muster::model {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using testing::HasSubstr;
using testing::StartsWith;

constexpr TimePoint kNow = TimePoint(1'773'340'946s);

crypto::Certificate self_signed(std::string common_name) {
  static SequenceRandom random;
  const auto key = crypto::PrivateKey::generate_p256();
  crypto::CertificateRequest request;
  request.common_name = std::move(common_name);
  request.use = crypto::CertificateUse::kClient;
  request.not_before = kNow - 24h;
  request.not_after = kNow + 24h;
  return *crypto::issue_certificate(request, *key, crypto::Issuer{*key, nullptr}, random);
}

/// {"certificate": <text>}
object upload(std::string_view text) {
  object out;
  out["certificate"] = text;
  return out;
}

/// {"info": {"sha256Thumbprint": <thumbprint>}}, as a client puts back what it got.
object echo(const crypto::Certificate& certificate) {
  object info;
  info["sha256Thumbprint"] = certificate.thumbprint();
  object out;
  out["info"] = info;
  return out;
}

object body(std::string_view collection, boost::json::value slots) {
  object x509;
  x509[collection] = std::move(slots);
  object attestation;
  attestation["type"] = "x509";
  attestation["x509"] = x509;
  object out;
  out["attestation"] = attestation;
  return out;
}

object slots(const boost::json::value& primary, const boost::json::value& secondary) {
  object out;
  out["primary"] = primary;
  out["secondary"] = secondary;
  return out;
}

class X509Put : public testing::Test {
 protected:
  Result<Enrollment> put(const object& request, const Enrollment* current = nullptr, std::string_view id = "unit-1") {
    return apply_put(EnrollmentKind::kIndividual, id, request, current, kNow, random_);
  }
  Result<Enrollment> put_group(const object& request) {
    return apply_put(EnrollmentKind::kGroup, "line7", request, nullptr, kNow, random_);
  }
  /// What a PUT of these two slots of client certificates leaves stored.
  Result<Enrollment> put_slots(const boost::json::value& primary, const boost::json::value& secondary,
                               const Enrollment* current = nullptr) {
    return put(body("clientCertificates", slots(primary, secondary)), current);
  }
  /// The first letters of the stored certificates: "AB", "A-", ...
  std::string stored(const Result<Enrollment>& enrollment) const {
    if (!enrollment) return enrollment.error().message;
    const auto& certificates = std::get<CertificateAttestation>(enrollment->attestation);
    return name_of(certificates.primary) + name_of(certificates.secondary);
  }

  static const crypto::Certificate& a() {
    static const crypto::Certificate certificate = self_signed("unit-1");
    return certificate;
  }
  static const crypto::Certificate& b() {
    static const crypto::Certificate certificate = self_signed("unit-1");
    return certificate;
  }

  SequenceRandom random_;

 private:
  static std::string name_of(const std::optional<EnrolledCertificate>& slot) {
    if (!slot) return "-";
    return slot->der == a().der() ? "A" : slot->der == b().der() ? "B" : "?";
  }
};

TEST_F(X509Put, AcceptsEveryFormOfUpload) {  // service-api.md 3.2
  const std::string pem = a().to_pem();
  for (const std::string& text : {pem, to_base64(a().der()), to_base64(as_bytes(pem))}) {
    EXPECT_EQ(stored(put_slots(upload(text), nullptr)), "A-");
  }
}

TEST_F(X509Put, ShowsALonePrimaryInBothSlotsWithoutText) {  // R-043, service-api.md 3.6
  const auto enrollment = put_slots(upload(a().to_pem()), nullptr);
  ASSERT_TRUE(enrollment);
  const auto json = to_json(*enrollment, EnrollmentView::kWithKeys);
  const object& shown = json.at("attestation").at("x509").at("clientCertificates").get_object();
  EXPECT_EQ(shown.at("primary"), shown.at("secondary"));
  const object& info = shown.at("primary").at("info").get_object();
  EXPECT_EQ(info.size(), 8U);
  EXPECT_EQ(info.at("sha256Thumbprint"), boost::json::value(a().thumbprint()));
  EXPECT_EQ(info.at("notAfterUtc"), boost::json::value(format_time_seconds(kNow + 24h)));
  EXPECT_EQ(boost::json::serialize(json).find("\"certificate\""), std::string::npos);
}

TEST_F(X509Put, KeepsSwapsAndDropsWhatIsPutBack) {  // service-api.md 3.5.2, 3.5.3
  const auto both = put_slots(upload(a().to_pem()), upload(b().to_pem()));
  ASSERT_EQ(stored(both), "AB");
  EXPECT_EQ(stored(put_slots(echo(a()), echo(b()), &*both)), "AB");
  EXPECT_EQ(stored(put_slots(echo(b()), echo(a()), &*both)), "BA");
  EXPECT_EQ(stored(put_slots(echo(b()), nullptr, &*both)), "B-");
  EXPECT_EQ(stored(put_slots(nullptr, echo(b()), &*both)), "-B");
  EXPECT_EQ(stored(put_slots(echo(b()), upload(a().to_pem()), &*both)), "BA");
}

TEST_F(X509Put, MayPutBackWholeAnswers) {  // service-api.md 3.5
  for (const boost::json::value& secondary : {boost::json::value(nullptr), boost::json::value(upload(b().to_pem()))}) {
    const auto first = put_slots(upload(a().to_pem()), secondary);
    ASSERT_TRUE(first);
    const auto second = put(to_json(*first, EnrollmentView::kPublic), &*first);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->attestation, first->attestation);
  }
}

TEST_F(X509Put, PrefersANewCertificateOverTheInfoBesideIt) {
  const auto first = put_slots(upload(a().to_pem()), nullptr);
  ASSERT_TRUE(first);
  object slot = echo(a());
  slot["certificate"] = b().to_pem();
  EXPECT_EQ(stored(put_slots(slot, nullptr, &*first)), "B-");
}

TEST_F(X509Put, RefusesInfoOfACertificateThatIsNotStored) {  // service-api.md 3.5.2
  const auto first = put_slots(upload(a().to_pem()), nullptr);
  ASSERT_TRUE(first);
  const std::string_view path = "attestation.x509.clientCertificates.primary.info.sha256Thumbprint: ";
  EXPECT_THAT(put_slots(echo(b()), nullptr, &*first).error().message, StartsWith(std::string(path)));
  EXPECT_THAT(put_slots(echo(a()), nullptr).error().message, StartsWith(std::string(path)));
  object empty_info;
  empty_info["info"] = object();
  EXPECT_THAT(put_slots(empty_info, nullptr, &*first).error().message, StartsWith(std::string(path)));
}

TEST_F(X509Put, NamesTheMemberOfABadUpload) {
  const std::string path = "attestation.x509.clientCertificates.secondary.certificate: ";
  for (const boost::json::value& text :
       {boost::json::value("junk"), boost::json::value(5), boost::json::value("AAAA")}) {
    object slot;
    slot["certificate"] = text;
    EXPECT_THAT(put_slots(upload(a().to_pem()), slot).error().message, StartsWith(path));
  }
  EXPECT_THAT(put_slots(upload(a().to_pem()), object()).error().message, StartsWith(path));
}

TEST_F(X509Put, NeedsACertificate) {
  EXPECT_THAT(put_slots(nullptr, nullptr).error().message, StartsWith("attestation.x509.clientCertificates: "));
  EXPECT_THAT(put_slots("x", nullptr).error().message,
              StartsWith("attestation.x509.clientCertificates.primary: must be an object"));
  EXPECT_THAT(put(body("clientCertificates", "x")).error().message,
              StartsWith("attestation.x509.clientCertificates: must be an object"));
  EXPECT_THAT(put(body("other", "x")).error().message, StartsWith("attestation.x509: needs one of"));
}

TEST_F(X509Put, TakesExactlyOneCollection) {  // service-api.md 3.1
  object request = body("clientCertificates", slots(upload(a().to_pem()), nullptr));
  request["attestation"].at("x509").get_object()["caReferences"] = slots("root", nullptr);
  EXPECT_THAT(put(request).error().message, HasSubstr("both clientCertificates and caReferences"));
  request["attestation"].at("x509").get_object()["caReferences"] = nullptr;
  EXPECT_TRUE(put(request));
}

TEST_F(X509Put, KeepsCollectionsToTheirKind) {  // service-api.md 3.1, section 4
  const object certificates = slots(upload(a().to_pem()), nullptr);
  EXPECT_THAT(put(body("signingCertificates", certificates)).error().message, HasSubstr("enrollment groups"));
  EXPECT_THAT(put_group(body("clientCertificates", certificates)).error().message, HasSubstr("individual enrollments"));
  const auto group = put_group(body("signingCertificates", certificates));
  ASSERT_TRUE(group);
  EXPECT_EQ(std::get<CertificateAttestation>(group->attestation).role, CertificateRole::kSigning);
}

TEST_F(X509Put, TakesCaReferencesForBothKinds) {  // service-api.md 3.1, section 4
  const object request = body("caReferences", slots("line7-root", "line7-root-2027"));
  for (const auto& enrollment : {put(request), put_group(request)}) {
    ASSERT_TRUE(enrollment);
    EXPECT_EQ(boost::json::serialize(attestation_to_json(enrollment->attestation, EnrollmentView::kPublic)),
              R"({"type":"x509","x509":{"caReferences":{"primary":"line7-root","secondary":"line7-root-2027"}}})");
  }
  EXPECT_THAT(put(body("caReferences", slots("", nullptr))).error().message,
              StartsWith("attestation.x509.caReferences: needs the name"));
  EXPECT_THAT(put(body("caReferences", slots(boost::json::string(65, 'a'), nullptr))).error().message,
              StartsWith("attestation.x509.caReferences.primary: must have at most 64"));
  EXPECT_THAT(put(body("caReferences", slots(5, nullptr))).error().message,
              StartsWith("attestation.x509.caReferences.primary: must be a string"));
}

TEST_F(X509Put, RefusesIdsThatCannotBeACommonName) {  // R-021
  const object request = body("caReferences", slots("root", nullptr));
  EXPECT_TRUE(put(request, nullptr, std::string(64, 'a')));
  EXPECT_THAT(put(request, nullptr, std::string(65, 'a')).error().message, StartsWith("registrationId: "));
}

}  // namespace
}  // namespace muster::model
