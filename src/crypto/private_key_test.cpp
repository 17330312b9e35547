#include "crypto/private_key.h"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/test_certificates.h"

namespace muster::crypto {
namespace {

TEST(PrivateKey, SurvivesItsTextForm) {
  for (const auto& make :
       {+[] { return PrivateKey::generate_p256(); }, +[] { return PrivateKey::generate_rsa(1024); }}) {
    const PrivateKey key = make().value();
    const std::string pem = key.to_pem().value();
    EXPECT_THAT(pem, ::testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
    EXPECT_EQ(EVP_PKEY_eq(PrivateKey::from_pem(pem).value().native(), key.native()), 1);
  }
}

TEST(PrivateKey, RefusesOddSizesOfRsa) {
  EXPECT_FALSE(PrivateKey::generate_rsa(0));
  EXPECT_FALSE(PrivateKey::generate_rsa(-2048));
  EXPECT_FALSE(PrivateKey::generate_rsa(1 << 20));
}

TEST(PrivateKey, RefusesAnEncryptedKeyWithoutAskingForThePassphrase) {
  const PrivateKey key = testing::p256();
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.native(), EVP_aes_128_cbc(), "pass", 4, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  const auto read = PrivateKey::from_pem({data, static_cast<std::size_t>(size)});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
}

TEST(PrivateKey, RefusesBadTexts) {
  const std::string pem = testing::p256().to_pem().value();
  const std::string certificate = testing::make_party(testing::leaf_request("x")).certificate.to_pem();
  for (const std::string& bad :
       {std::string(), std::string("no key"), pem.substr(0, pem.size() / 2), certificate, std::string(70'000, 'x'),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) {
    EXPECT_FALSE(PrivateKey::from_pem(bad)) << bad.substr(0, 40);
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

}  // namespace
}  // namespace muster::crypto
