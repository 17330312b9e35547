#include "server/tls/fast_decode.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "server/tls/test_certificates.h"

namespace muster::server {
namespace {

/// Whether a provider holds the public key of a certificate that is parsed now.
bool held_by_provider() {
  const auto certificate = test::must(crypto::Certificate::from_upload(test::ecdsa_server().chain_pem()));
  return EVP_PKEY_get0_provider(X509_get0_pubkey(certificate.native())) != nullptr;
}

TEST(FastDecode, ChangesTheDecoderAndBackWithoutChangingVerdicts) {
  EXPECT_TRUE(held_by_provider());
  const auto enabled = enable_fast_decode();
  ASSERT_TRUE(enabled.has_value()) << enabled.error().message << enabled.error().detail;
  EXPECT_FALSE(held_by_provider());
  const auto self = test::must(crypto::Certificate::from_upload(test::rsa_server().chain_pem()));
  const auto other = test::must(crypto::Certificate::from_upload(test::ecdsa_server().chain_pem()));
  EXPECT_EQ(X509_verify(self.native(), X509_get0_pubkey(self.native())), 1);
  EXPECT_NE(X509_verify(self.native(), X509_get0_pubkey(other.native())), 1);
  disable_fast_decode();
  EXPECT_TRUE(held_by_provider());
}

}  // namespace
}  // namespace muster::server
