#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <openssl/err.h>

#include "crypto/test_certificates.h"

namespace muster::crypto {
namespace {

using testing::day;
using ::testing::HasSubstr;
using testing::leaf_request;
using testing::make_party;

Certificate sample() {
  return make_party(leaf_request("line7-unit0042")).certificate;
}

std::string one_line(const Certificate& certificate) {
  return to_base64(certificate.der());
}

TEST(CertificateUpload, TakesEveryFormThatClientsSend) {  // service-api.md 3.2
  const Certificate certificate = sample();
  const Certificate other = sample();
  const std::string pem = certificate.to_pem();
  std::string crlf = pem;
  for (std::size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2) crlf.insert(at, 1, '\r');
  const std::string digits = one_line(certificate);
  const std::string wrapped = digits.substr(0, 76) + "\r\n" + digits.substr(76) + "\n";
  const std::string key = testing::p256().to_pem().value();
  const std::pair<std::string_view, std::string> cases[] = {
      {"PEM", pem},
      {"PEM with CRLF", crlf},
      {"PEM without last line end", pem.substr(0, pem.size() - 1)},
      {"PEM with text around", "subject=CN = x\n" + pem + "bye\n"},
      {"PEM on one line", "-----BEGIN CERTIFICATE-----" + digits + "-----END CERTIFICATE-----"},
      {"the first of several PEM certificates", pem + other.to_pem()},
      {"PEM behind its key", key + pem},
      {"base64 of DER on one line", digits},
      {"base64 of DER, wrapped", wrapped},
      {"base64 of a PEM text", to_base64(as_bytes(pem))},
  };
  for (const auto& [what, text] : cases) {
    const auto read = Certificate::from_upload(text);
    ASSERT_TRUE(read) << what << ": " << read.error().message;
    EXPECT_EQ(*read, certificate) << what;
  }
}

TEST(CertificateUpload, SaysWhatIsWrong) {
  const Certificate certificate = sample();
  const std::string pem = certificate.to_pem();
  Bytes longer = certificate.der();
  longer.push_back(0);
  Bytes shorter = certificate.der();
  shorter.pop_back();
  struct Case {
    std::string_view what;
    std::string text;
    std::string_view message;
  };
  const Case cases[] = {
      {"nothing", "", "empty"},
      {"blanks", " \r\n\t", "empty"},
      {"words", "not a certificate!", "neither"},
      {"a private key", testing::p256().to_pem().value(), "holds a PRIVATE KEY, not a certificate"},
      {"a strange label", "-----BEGIN <b>-----\n-----END <b>-----", "holds something else"},
      {"no end", pem.substr(0, 100), "no matching END"},
      {"another end", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----", "no matching END"},
      {"an open BEGIN", "-----BEGIN CERT", "no matching END"},
      {"no base64 in PEM", "-----BEGIN CERTIFICATE-----\n#\n-----END CERTIFICATE-----", "not base64"},
      {"an empty PEM", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "not an X.509"},
      {"base64 of words", to_base64(as_bytes("hello")), "not an X.509"},
      {"base64 of a PEM key", to_base64(as_bytes(testing::p256().to_pem().value())), "PRIVATE KEY"},
      {"a trailing octet", to_base64(longer), "1 trailing octet"},
      {"a missing octet", to_base64(shorter), "not an X.509"},
      {"a NUL", std::string("\0", 1), "neither"},
  };
  for (const Case& c : cases) {
    const auto read = Certificate::from_upload(c.text);
    ASSERT_FALSE(read) << c.what;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument) << c.what;
    EXPECT_THAT(read.error().message, HasSubstr(std::string(c.message))) << c.what;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.what;
  }
}

TEST(CertificateUpload, RefusesMoreThan64KiB) {
  const std::string text(64 * 1024 + 1, 'A');
  EXPECT_EQ(Certificate::from_upload(text).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Certificate::chain_from_pem(text).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Certificate::from_der(as_bytes(text)).error().code, ErrorCode::kTooLarge);
}

TEST(CertificateDer, RefusesEncodingsThatAreNotDer) {
  // The outer length in five octets instead of three: BER allows it, DER does not (X.690 section 10.1).
  const Bytes der = sample().der();
  ASSERT_EQ(der[1], 0x82);
  Bytes ber{der[0], 0x84, 0, 0, der[2], der[3]};
  ber.insert(ber.end(), der.begin() + 4, der.end());
  const auto read = Certificate::from_der(ber);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("not in DER form"));
}

TEST(CertificateDer, NoTruncationIsACertificate) {
  const Bytes der = sample().der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(ByteView(der).first(size))) << size;
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(CertificateChain, KeepsTheOrderAndSkipsOtherText) {  // RFC 7468 section 2
  const Certificate a = sample();
  const Certificate b = sample();
  const auto chain =
      Certificate::chain_from_pem("first\n" + a.to_pem() + testing::p256().to_pem().value() + b.to_pem());
  EXPECT_THAT(chain.value(), ::testing::ElementsAre(a, b));
}

TEST(CertificateChain, RefusesAChainWithABadPart) {
  const std::string pem = sample().to_pem();
  EXPECT_THAT(
      Certificate::chain_from_pem(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").error().message,
      HasSubstr("Certificate 2 of the chain"));
  EXPECT_FALSE(Certificate::chain_from_pem(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n"));
  EXPECT_FALSE(Certificate::chain_from_pem(""));
  EXPECT_FALSE(Certificate::chain_from_pem(one_line(sample())));
}

TEST(CertificateInfo, ShowsWhatTheServiceApiShows) {  // service-api.md 3.1
  const testing::Party root = make_party(testing::ca_request("Line 7 Issuing CA"));
  const testing::Party leaf = make_party(leaf_request("line7-unit0042"), &root);
  const CertificateInfo info = leaf.certificate.info().value();
  EXPECT_EQ(info.subject_name, "CN=line7-unit0042");
  EXPECT_EQ(info.issuer_name, "CN=Line 7 Issuing CA");
  EXPECT_EQ(info.sha1_thumbprint, hex_upper(sha1(leaf.certificate.der())));
  EXPECT_EQ(info.sha256_thumbprint, leaf.certificate.thumbprint());
  EXPECT_EQ(info.not_before, day(0));
  EXPECT_EQ(info.not_after, day(365));
  EXPECT_EQ(info.version, 3);
  EXPECT_THAT(info.serial_number, ::testing::MatchesRegex("[1-9A-F][0-9A-F]*"));
}

// Made with `openssl req -x509 -newkey ed25519 -subj '/C=NL/O=Zon, Zee \\+ "Zoon"/CN=Müller #1'`, serial number 0x0A10.
constexpr std::string_view kForeign = R"(-----BEGIN CERTIFICATE-----
MIIBfzCCATGgAwIBAgICChAwBQYDK2VwMD4xCzAJBgNVBAYTAk5MMRowGAYDVQQK
DBFab24sIFplZSArICJab29uIjETMBEGA1UEAwwKTcO8bGxlciAjMTAeFw0yNjEx
MjIwMjA1NTVaFw0zNjExMTkwMjA1NTVaMD4xCzAJBgNVBAYTAk5MMRowGAYDVQQK
DBFab24sIFplZSArICJab29uIjETMBEGA1UEAwwKTcO8bGxlciAjMTAqMAUGAytl
cAMhABMcVUCuXlBZ6yAya7pXdPcQsjdOQwWQo1spHIovS9ZKo1MwUTAdBgNVHQ4E
FgQUgz0qjBw2zqVyMB9jvRc7oaQRShQwHwYDVR0jBBgwFoAUgz0qjBw2zqVyMB9j
vRc7oaQRShQwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQD5Qp8cvEnfw3nvCzY0
3MygLZw2F7es8+Hqsk1S5PZQFczRIAtE7AEa6BbGSL5nydWZajBAt8fL/t/TnQ6d
QAUI
-----END CERTIFICATE-----
)";

TEST(CertificateInfo, WritesNamesInTheirOrderAndEscaped) {  // RFC 2253 section 2.4
  const CertificateInfo info = Certificate::from_upload(kForeign).value().info().value();
  EXPECT_EQ(info.subject_name, R"(C=NL, O=Zon\, Zee \+ \"Zoon\", CN=Müller #1)");
  EXPECT_EQ(info.issuer_name, info.subject_name);
  EXPECT_EQ(info.serial_number, "A10");
  EXPECT_EQ(info.sha1_thumbprint, "D21787CD6FED71A2FCDDD21CAD40ABA1A3636F81");
  EXPECT_EQ(info.sha256_thumbprint, "481F40985B3CC8D5413E2CFD1F2B1949B7A46CB09BE41E0B3FBCF665D1C4E55C");
  EXPECT_EQ(Certificate::from_upload(kForeign).value().common_name(), "Müller #1");
}

TEST(CertificateInfo, NamesTheVersion) {
  testing::TestRequest request = testing::request_with("old", {});
  request.version = 1;
  EXPECT_EQ(make_party(request).certificate.info().value().version, 1);
}

TEST(CertificateCommonName, IsEmptyWhenItIsNotOneClearName) {  // it must equal the registration id (R-021)
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"dev-1"}, "dev-1"},     {{}, ""}, {{"dev-1", "dev-2"}, ""}, {{std::string("dev-1\0evil", 10)}, ""},
      {{"dev-1", "dev-1"}, ""},
  };
  for (const auto& [names, expected] : cases) {
    testing::TestRequest request = leaf_request("");
    request.common_names = names;
    EXPECT_EQ(make_party(request).certificate.common_name(), expected) << ::testing::PrintToString(names);
  }
}

TEST(Certificate, IsCheapToCopyAndSharesTheObjectOfTls) {
  const Certificate certificate = sample();
  const Certificate shared = Certificate::share(certificate.native());
  EXPECT_EQ(shared, certificate);
  EXPECT_EQ(shared.native(), certificate.native());
  EXPECT_THROW(Certificate::share(nullptr), std::invalid_argument);
}

TEST(Certificate, IsEqualByItsOctets) {
  const Certificate certificate = sample();
  EXPECT_EQ(Certificate::from_upload(certificate.to_pem()).value(), certificate);
  EXPECT_NE(sample(), certificate);
}

TEST(Certificate, TellsWhetherItNamesItselfAsIssuer) {
  const testing::Party root = make_party(testing::ca_request("Root"));
  EXPECT_TRUE(root.certificate.is_self_issued());
  EXPECT_FALSE(make_party(leaf_request("x"), &root).certificate.is_self_issued());
}

}  // namespace
}  // namespace muster::crypto
