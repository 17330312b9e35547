#include "server/tls/fast_decode.h"

#include <thread>
#include <vector>

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

/// Before fast decoding is on: keys that are made then cannot sign.
void make_certificates() {
  test::ecdsa_server();
  test::rsa_server();
}

/// Parsed anew, as each handshake does.
struct ParsedKey {
  crypto::Certificate certificate = test::must(crypto::Certificate::from_upload(test::ecdsa_server().chain_pem()));
  EVP_PKEY* key = X509_get0_pubkey(certificate.native());
};

TEST(FastDecode, ReadsAKeyThatComesAgainAsTheSame) {
  make_certificates();
  ASSERT_TRUE(enable_fast_decode().has_value());
  const ParsedKey first, second, third;  // the third shares the object of the second
  const auto other = test::must(crypto::Certificate::from_upload(test::rsa_server().chain_pem()));
  EXPECT_EQ(EVP_PKEY_eq(first.key, second.key), 1);
  EXPECT_EQ(EVP_PKEY_eq(first.key, third.key), 1);
  EXPECT_NE(EVP_PKEY_eq(first.key, X509_get0_pubkey(other.native())), 1);
  EXPECT_EQ(EVP_PKEY_get_bits(third.key), 256);
  EXPECT_EQ(X509_verify(third.certificate.native(), third.key), X509_verify(first.certificate.native(), first.key));
  disable_fast_decode();
}

TEST(FastDecode, SharedKeysVerifyTheSameWhenTheyCameOftenAndWhenItIsSwitchedOff) {
  make_certificates();
  ASSERT_TRUE(enable_fast_decode().has_value());
  const ParsedKey first, second, third;
  const auto verdict = [&] { return X509_verify(third.certificate.native(), third.key); };
  for (int i = 0; i < 300; ++i) ASSERT_EQ(verdict(), 1) << i;
  const auto other = test::must(crypto::Certificate::from_upload(test::rsa_server().chain_pem()));
  EXPECT_NE(X509_verify(other.native(), third.key), 1);
  disable_fast_decode();
  EXPECT_EQ(verdict(), 1);
  EXPECT_NE(X509_verify(other.native(), third.key), 1);
}

TEST(FastDecode, ManyThreadsShareAKey) {
  make_certificates();
  ASSERT_TRUE(enable_fast_decode().has_value());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        const ParsedKey parsed;
        EXPECT_EQ(EVP_PKEY_get_bits(parsed.key), 256);
        EXPECT_GE(X509_verify(parsed.certificate.native(), parsed.key), 0);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  disable_fast_decode();
}

}  // namespace
}  // namespace muster::server
