#include "server/tls/repeated_verification.h"

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "crypto/openssl.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::server {
namespace {

/// Not crypto::OpensslFree, which lies outside of the pragma above.
struct KeyFree {
  void operator()(EC_KEY* key) const { EC_KEY_free(key); }
};
using KeyPtr = std::unique_ptr<EC_KEY, KeyFree>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, crypto::OpensslFree<ECDSA_SIG_free>>;
using Digest = std::array<std::uint8_t, 64>;

constexpr int kEnoughForATable = 100;

class RepeatedVerification : public ::testing::Test {
 protected:
  KeyPtr public_part() const {
    KeyPtr out(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    EC_KEY_set_public_key(out.get(), EC_KEY_get0_public_key(private_.get()));
    return out;
  }
  KeyPtr repeated_key() const {
    KeyPtr out = public_part();
    verify_repeatedly(out.get());
    return out;
  }
  Digest random_digest() {
    Digest out{};
    for (auto& octet : out) octet = static_cast<std::uint8_t>(random_());
    return out;
  }
  SignaturePtr sign(const Digest& digest, int size = 32) const {
    return SignaturePtr(ECDSA_do_sign(digest.data(), size, private_.get()));
  }
  /// Until the key has its table.
  void warm(EC_KEY* key) {
    const Digest digest = random_digest();
    const SignaturePtr signature = sign(digest);
    for (int i = 0; i < kEnoughForATable; ++i) {
      ASSERT_EQ(ECDSA_do_verify(digest.data(), 32, signature.get(), key), 1);
    }
  }
  static SignaturePtr made_of(const BIGNUM* r, const BIGNUM* s) {
    SignaturePtr out(ECDSA_SIG_new());
    ECDSA_SIG_set0(out.get(), BN_dup(r), BN_dup(s));
    return out;
  }
  const BIGNUM* order() const { return EC_GROUP_get0_order(EC_KEY_get0_group(private_.get())); }

  std::mt19937 random_{20261122};
  KeyPtr private_ = [] {
    KeyPtr out(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    EC_KEY_generate_key(out.get());
    return out;
  }();
};

TEST_F(RepeatedVerification, JudgesAsOpensslDoes) {
  const KeyPtr plain = public_part();
  const KeyPtr repeated = repeated_key();
  warm(repeated.get());
  for (int round = 0; round < 300; ++round) {
    const Digest digest = random_digest();
    for (const int size : {20, 31, 32, 48, 64}) {
      const SignaturePtr good = sign(digest, size);
      EXPECT_EQ(ECDSA_do_verify(digest.data(), size, good.get(), repeated.get()), 1);
      Digest other = digest;
      other[random_() % std::min(size, 32)] ^= static_cast<std::uint8_t>(1U << (random_() % 8));
      EXPECT_EQ(ECDSA_do_verify(other.data(), size, good.get(), plain.get()), 0);
      EXPECT_EQ(ECDSA_do_verify(other.data(), size, good.get(), repeated.get()), 0);
    }
  }
}

TEST_F(RepeatedVerification, RefusesNumbersOutOfRange) {
  const KeyPtr plain = public_part();
  const KeyPtr repeated = repeated_key();
  warm(repeated.get());
  const Digest digest = random_digest();
  const SignaturePtr good = sign(digest);
  const BIGNUM* r = ECDSA_SIG_get0_r(good.get());
  const BIGNUM* s = ECDSA_SIG_get0_s(good.get());
  std::vector<crypto::BignumPtr> numbers;
  const auto number = [&](auto make) {
    crypto::BignumPtr out(BN_new());
    make(out.get());
    numbers.push_back(std::move(out));
  };
  number([](BIGNUM* n) { BN_zero(n); });
  number([](BIGNUM* n) { BN_one(n); });
  number([&](BIGNUM* n) { BN_copy(n, order()); });
  number([&](BIGNUM* n) { BN_sub(n, order(), BN_value_one()); });
  number([&](BIGNUM* n) { BN_add(n, order(), r); });
  number([&](BIGNUM* n) { BN_add(n, order(), s); });
  number([&](BIGNUM* n) { BN_lshift(n, r, 256); });
  for (const BIGNUM* of : {r, s}) {
    number([&](BIGNUM* n) {
      BN_copy(n, of);
      BN_set_negative(n, 1);
    });
  }
  for (const auto& one : numbers) {
    for (const SignaturePtr& bad : {made_of(one.get(), s), made_of(r, one.get()), made_of(one.get(), one.get())}) {
      EXPECT_EQ(ECDSA_do_verify(digest.data(), 32, bad.get(), plain.get()), 0);
      EXPECT_EQ(ECDSA_do_verify(digest.data(), 32, bad.get(), repeated.get()), 0);
    }
  }
  // What is as good as the original: -s (SEC 1 section 4.1.4 does not forbid it).
  crypto::BignumPtr twin(BN_new());
  BN_sub(twin.get(), order(), s);
  EXPECT_EQ(ECDSA_do_verify(digest.data(), 32, made_of(r, twin.get()).get(), plain.get()), 1);
  EXPECT_EQ(ECDSA_do_verify(digest.data(), 32, made_of(r, twin.get()).get(), repeated.get()), 1);
}

TEST_F(RepeatedVerification, JudgesExtremeDigestsAsOpensslDoes) {
  const KeyPtr repeated = repeated_key();
  warm(repeated.get());
  Digest zeros{};
  Digest ones{};
  ones.fill(0xff);
  for (const Digest& digest : {zeros, ones}) {
    const SignaturePtr good = sign(digest);
    EXPECT_EQ(ECDSA_do_verify(digest.data(), 32, good.get(), repeated.get()), 1);
    EXPECT_EQ(ECDSA_do_verify((digest == zeros ? ones : zeros).data(), 32, good.get(), repeated.get()), 0);
  }
}

TEST_F(RepeatedVerification, LeavesOtherCurvesAlone) {
  const KeyPtr key(EC_KEY_new_by_curve_name(NID_secp384r1));
  ASSERT_EQ(EC_KEY_generate_key(key.get()), 1);
  verify_repeatedly(key.get());
  EXPECT_EQ(EC_KEY_get_method(key.get()), EC_KEY_OpenSSL());
}

TEST_F(RepeatedVerification, ManyThreadsMakeOneTable) {
  const KeyPtr repeated = repeated_key();
  const Digest digest = random_digest();
  const SignaturePtr good = sign(digest);
  std::atomic<int> verified = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        if (ECDSA_do_verify(digest.data(), 32, good.get(), repeated.get()) == 1) ++verified;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(verified, 800);
}

}  // namespace
}  // namespace muster::server
