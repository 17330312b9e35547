#include "server/tls/key_schedule.h"

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace muster::server {
namespace {

using KdfPtr = std::unique_ptr<EVP_KDF, crypto::OpensslFree<EVP_KDF_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, crypto::OpensslFree<EVP_KDF_CTX_free>>;

constexpr const char* kOurs = "provider=muster";
constexpr const char* kOpenssls = "provider!=muster";

/// One call of the key schedule; what is not there is not handed over.
struct Call {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::string digest = "SHA256";
  std::optional<Bytes> key = std::nullopt;
  std::optional<Bytes> salt = std::nullopt;
  std::string label = "derived";
  std::optional<Bytes> data = std::nullopt;
  std::size_t size = 32;

  std::optional<Bytes> by(const char* provider) {
    const crypto::ErrorQueueGuard guard;
    const KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_3_KDF, provider));
    const KdfContextPtr context(EVP_KDF_CTX_new(kdf.get()));
    std::string prefix = "tls13 ";
    std::vector<OSSL_PARAM> params{
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size())};
    const auto add = [&params](const char* name, std::optional<Bytes>& value) {
      if (value) params.push_back(OSSL_PARAM_construct_octet_string(name, value->data(), value->size()));
    };
    add(OSSL_KDF_PARAM_KEY, key);
    add(OSSL_KDF_PARAM_SALT, salt);
    add(OSSL_KDF_PARAM_DATA, data);
    params.push_back(OSSL_PARAM_construct_end());
    Bytes out(size);
    if (EVP_KDF_derive(context.get(), out.data(), out.size(), params.data()) != 1) return std::nullopt;
    return out;
  }
};

class KeySchedule : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(fast_key_schedule(), nullptr); }
  Bytes octets(std::size_t size) {
    Bytes out(size);
    for (auto& octet : out) octet = static_cast<std::uint8_t>(random_());
    return out;
  }
  std::mt19937 random_{8446};
};

TEST_F(KeySchedule, ComputesTheHandshakeOfRfc8448) {
  Call early{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY};
  const auto secret = early.by(kOurs);
  ASSERT_TRUE(secret);
  EXPECT_EQ(hex_lower(*secret), "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  const auto nothing = crypto::sha256({});
  Call derived{.key = secret, .data = Bytes(nothing.begin(), nothing.end())};
  EXPECT_EQ(hex_lower(derived.by(kOurs).value()), "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba");
}

TEST_F(KeySchedule, ExpandsAsOpensslDoes) {
  for (const auto& [digest, size] : {std::pair("SHA256", 32U), std::pair("SHA384", 48U), std::pair("SHA2-384", 48U)}) {
    for (int round = 0; round < 200; ++round) {
      Call call{.digest = digest, .key = octets(size), .label = std::string(1 + random_() % 40, 'l')};
      if (random_() % 2 == 0) call.data = octets(1 + random_() % 64);
      call.size = 1 + random_() % (round == 0 ? 2000 : 120);
      const auto expected = call.by(kOpenssls);
      ASSERT_TRUE(expected);
      EXPECT_EQ(call.by(kOurs), expected);
    }
  }
}

TEST_F(KeySchedule, ExtractsAsOpensslDoes) {
  for (const auto& [digest, size] : {std::pair("SHA256", 32U), std::pair("SHA384", 48U)}) {
    for (int round = 0; round < 100; ++round) {
      Call call{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = digest, .size = size};
      // The secret of an exchange of keys has its own size: P-521 has 66 octets.
      if (round % 2 == 0) call.key = octets(1 + random_() % 200);
      if (round % 3 == 0) call.salt = octets(size);
      // Where handshakes begin: by its own label, and by another.
      if (round % 5 == 0) call.salt = Call{.mode = call.mode, .digest = digest, .size = size}.by(kOpenssls);
      if (round % 10 == 0) call.label = "another";
      const auto expected = call.by(kOpenssls);
      ASSERT_TRUE(expected);
      EXPECT_EQ(call.by(kOurs), expected);
    }
  }
}

TEST_F(KeySchedule, RefusesWhatTls13HasNot) {
  const Call good{.key = octets(32)};
  ASSERT_TRUE(Call(good).by(kOurs));
  const auto refuses = [&](auto spoil) {
    Call call = good;
    spoil(call);
    return !call.by(kOurs);
  };
  EXPECT_TRUE(refuses([](Call& call) { call.digest = "SHA512"; }));
  EXPECT_TRUE(refuses([](Call& call) { call.mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND; }));
  EXPECT_TRUE(refuses([](Call& call) { call.key.reset(); }));
  EXPECT_TRUE(refuses([](Call& call) { call.key->pop_back(); }));
  EXPECT_TRUE(refuses([](Call& call) { call.label = std::string(250, 'l'); }));
  EXPECT_TRUE(refuses([](Call& call) { call.data = Bytes(256); }));
  EXPECT_TRUE(refuses([](Call& call) { call.size = 255 * 32 + 1; }));
  EXPECT_TRUE(refuses([](Call& call) {
    call.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    call.size = 48;
  }));
}

TEST_F(KeySchedule, LeavesAllElseToOpenssl) {
  const crypto::ErrorQueueGuard guard;
  EXPECT_EQ(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, kOurs), nullptr);
  const std::unique_ptr<EVP_MD, crypto::OpensslFree<EVP_MD_free>> digest(
      EVP_MD_fetch(nullptr, "SHA256", fast_key_schedule()));
  EXPECT_TRUE(digest);
}

}  // namespace
}  // namespace muster::server
