#include "crypto/issue.h"

#include <gmock/gmock.h>
#include <openssl/err.h>

#include "crypto/test_certificates.h"

namespace muster::crypto {
namespace {

using testing::day;
using testing::kNow;

CertificateRequest request(CertificateUse use, std::string name) {
  CertificateRequest made;
  made.common_name = std::move(name);
  made.use = use;
  made.not_before = day(0);
  made.not_after = day(365);
  return made;
}

class Issuing : public ::testing::Test {
 protected:
  Certificate make(const CertificateRequest& what, const PrivateKey& key, const Issuer& issuer) {
    auto made = issue_certificate(what, key, issuer, random_);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  SequenceRandom random_;
  PrivateKey root_key_ = testing::p256();
  Certificate root_ = make(request(CertificateUse::kRootCa, "Root"), root_key_, {root_key_, nullptr});
};

TEST_F(Issuing, MakesAPkiThatPassesItsOwnValidation) {
  const PrivateKey line_key = PrivateKey::generate_rsa(2048).value();
  const Certificate line = make(request(CertificateUse::kIntermediateCa, "Line CA"), line_key, {root_key_, &root_});
  const PrivateKey key = testing::p256();
  const Certificate leaf = make(request(CertificateUse::kClient, "dev-1"), key, {line_key, &line});
  const PathReport report = validate_path(leaf, {&line, 1}, {}, {&root_, 1}, kNow, {});
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_EQ(testing::names_of(report), "dev-1/Line CA/Root");
}

TEST_F(Issuing, PutsTheNamesOfAServerIntoItsCertificate) {
  CertificateRequest server = request(CertificateUse::kServer, "dps.example.net");
  server.dns_names = {"dps.example.net", "*.example.net"};
  server.ip_addresses = {"192.0.2.7", "2001:db8::7"};
  const PrivateKey key = testing::p256();
  const Certificate made = make(server, key, {root_key_, &root_});
  EXPECT_EQ(X509_check_host(made.native(), "dps.example.net", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(made.native(), "other.example.net", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(made.native(), "example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(made.native(), "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(made.native(), "2001:db8::7", 0), 1);
  EXPECT_EQ(X509_check_purpose(made.native(), X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_NE(X509_check_purpose(made.native(), X509_PURPOSE_SSL_CLIENT, 0), 1);
}

TEST_F(Issuing, SerialNumbersArePositiveLongAndDifferent) {  // RFC 5280 section 4.1.2.2
  const std::string first = root_.info().value().serial_number;
  const Certificate again = make(request(CertificateUse::kRootCa, "Root"), root_key_, {root_key_, nullptr});
  EXPECT_EQ(first.size(), 32U);
  EXPECT_THAT(first.substr(0, 1), ::testing::AnyOf("4", "5", "6", "7"));
  EXPECT_NE(again.info().value().serial_number, first);
}

TEST_F(Issuing, KeepsThePeriodToTheSecond) {
  CertificateRequest client = request(CertificateUse::kClient, "dev-1");
  client.not_after = TimePoint(std::chrono::sys_days(std::chrono::year(2060) / 2 / 29)) + std::chrono::seconds(59);
  const Certificate made = make(client, testing::p256(), {root_key_, &root_});
  EXPECT_EQ(made.not_before(), client.not_before);
  EXPECT_EQ(made.not_after(), client.not_after);
}

TEST_F(Issuing, RefusesRequestsThatCannotBeRight) {
  const PrivateKey other = testing::p256();
  const CertificateRequest good = request(CertificateUse::kServer, "x");
  const auto refused = [&](auto change, const Issuer& issuer) {
    CertificateRequest bad = good;
    change(bad);
    const auto made = issue_certificate(bad, other, issuer, random_);
    EXPECT_EQ(ERR_peek_error(), 0U);
    return !made && made.error().code == ErrorCode::kInvalidArgument;
  };
  const Issuer root{root_key_, &root_};
  EXPECT_FALSE(refused([](CertificateRequest&) {}, root)) << "the request without a change is good";
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.common_name.clear(); }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.common_name = std::string(65, 'x'); }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.common_name = "\xff\xfe"; }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.not_after = r.not_before; }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.dns_names = {"a,DNS:b"}; }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.dns_names = {""}; }, root));
  EXPECT_TRUE(refused([](CertificateRequest& r) { r.ip_addresses = {"192.0.2.700"}; }, root));
  EXPECT_TRUE(refused([](CertificateRequest&) {}, Issuer{other, &root_})) << "a key that is not the issuer's";
  EXPECT_TRUE(refused([](CertificateRequest&) {}, Issuer{root_key_, nullptr})) << "self-signed by another key";
}

}  // namespace
}  // namespace muster::crypto
