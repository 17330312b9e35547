#include "server/tls/repeated_verification.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "crypto/openssl.h"

// Methods of keys and multiples of points are deprecated in OpenSSL 3, which offers nothing in their place.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::server {
namespace {

using crypto::BignumPtr;
using GroupPtr = std::unique_ptr<EC_GROUP, crypto::OpensslFree<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, crypto::OpensslFree<EC_POINT_free>>;
using ContextPtr = std::unique_ptr<BN_CTX, crypto::OpensslFree<BN_CTX_free>>;

/// The table costs as much as some five hundred of the signatures that it makes cheaper.
constexpr int kSignaturesBefore = 100;
constexpr int kMostTables = 64;
constexpr int kSmallestDigest = 32;  // one that is not cut for P-256

std::atomic<int> tables = 0;

/// Belongs to a key.
class Multiples {
 public:
  Multiples() = default;
  ~Multiples() {
    if (curve_ && table_.load()) --tables;
  }
  Multiples(const Multiples&) = delete;
  Multiples& operator=(const Multiples&) = delete;

  /// The curve with the key's point as its generator; null as long as the key has not been used enough.
  const EC_GROUP* curve(const EC_KEY* key) {
    if (const EC_GROUP* table = table_.load(std::memory_order_acquire)) return table;
    if (signatures_.load(std::memory_order_relaxed) >= kSignaturesBefore) return nullptr;  // made now, or cannot be
    if (signatures_.fetch_add(1, std::memory_order_relaxed) + 1 == kSignaturesBefore) make(key);
    return table_.load(std::memory_order_acquire);
  }

 private:
  void make(const EC_KEY* key) {
    if (++tables > kMostTables) {
      --tables;
      return;
    }
    const crypto::ErrorQueueGuard guard;
    const EC_POINT* point = EC_KEY_get0_public_key(key);
    curve_.reset(EC_GROUP_dup(EC_KEY_get0_group(key)));
    const ContextPtr context(BN_CTX_new());
    if (curve_ && context &&
        EC_GROUP_set_generator(curve_.get(), point, EC_GROUP_get0_order(EC_KEY_get0_group(key)), BN_value_one()) == 1 &&
        EC_GROUP_precompute_mult(curve_.get(), context.get()) == 1 && agrees(key, context.get())) {
      table_.store(curve_.get(), std::memory_order_release);
      return;
    }
    --tables;
  }

  /// With what OpenSSL computes without the table.
  [[nodiscard]] bool agrees(const EC_KEY* key, BN_CTX* context) const {
    const EC_GROUP* group = EC_KEY_get0_group(key);
    const BignumPtr factor(BN_new());
    const PointPtr fast(EC_POINT_new(group));
    const PointPtr slow(EC_POINT_new(group));
    return factor && fast && slow && BN_priv_rand_range(factor.get(), EC_GROUP_get0_order(group)) == 1 &&
           EC_POINT_mul(curve_.get(), fast.get(), factor.get(), nullptr, nullptr, context) == 1 &&
           EC_POINT_mul(group, slow.get(), nullptr, EC_KEY_get0_public_key(key), factor.get(), context) == 1 &&
           EC_POINT_cmp(group, fast.get(), slow.get(), context) == 0;
  }

  std::atomic<int> signatures_ = 0;
  GroupPtr curve_;  // written by one thread, read through table_
  std::atomic<const EC_GROUP*> table_ = nullptr;
};

void free_multiples(void* /*key*/, void* multiples, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*unused*/,
                    void* /*unused*/) {
  delete static_cast<Multiples*>(multiples);
}

int multiples_index() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, free_multiples);
  return index;
}

/// SEC 1 section 4.1.3: 0 < number < order.
bool in_range(const BIGNUM* number, const BIGNUM* order) {
  return BN_is_zero(number) == 0 && BN_is_negative(number) == 0 && BN_ucmp(number, order) < 0;
}

/// SEC 1 section 4.1.4 with `multiples` of the key's point. 1: good; 0: not; -1: no memory.
int verify_with(const EC_GROUP* multiples, const unsigned char* digest, const ECDSA_SIG* signature, const EC_KEY* key) {
  thread_local const ContextPtr context(BN_CTX_new());
  const EC_GROUP* group = EC_KEY_get0_group(key);
  const BIGNUM* order = EC_GROUP_get0_order(group);
  const BIGNUM* r = ECDSA_SIG_get0_r(signature);
  const BIGNUM* s = ECDSA_SIG_get0_s(signature);
  if (!in_range(r, order) || !in_range(s, order)) return 0;
  if (!context) return -1;
  BN_CTX_start(context.get());
  BIGNUM* u1 = BN_CTX_get(context.get());
  BIGNUM* u2 = BN_CTX_get(context.get());
  BIGNUM* inverse = BN_CTX_get(context.get());
  const PointPtr sum(EC_POINT_new(group));
  const PointPtr other(EC_POINT_new(group));
  int verdict = -1;
  if (inverse != nullptr && sum && other && BN_mod_inverse(inverse, s, order, context.get()) != nullptr &&
      BN_bin2bn(digest, kSmallestDigest, u1) != nullptr && BN_mod_mul(u1, u1, inverse, order, context.get()) == 1 &&
      BN_mod_mul(u2, r, inverse, order, context.get()) == 1 &&
      EC_POINT_mul(group, sum.get(), u1, nullptr, nullptr, context.get()) == 1 &&
      EC_POINT_mul(multiples, other.get(), u2, nullptr, nullptr, context.get()) == 1 &&
      EC_POINT_add(group, sum.get(), sum.get(), other.get(), context.get()) == 1) {
    BIGNUM* x = inverse;
    if (EC_POINT_is_at_infinity(group, sum.get()) == 1) {
      verdict = 0;
    } else if (EC_POINT_get_affine_coordinates(group, sum.get(), x, nullptr, context.get()) == 1 &&
               BN_nnmod(x, x, order, context.get()) == 1) {
      verdict = BN_ucmp(x, r) == 0 ? 1 : 0;
    }
  }
  BN_CTX_end(context.get());
  return verdict;
}

using VerifySignature = int (*)(const unsigned char* digest, int size, const ECDSA_SIG* signature, EC_KEY* key);

/// How OpenSSL's own keys verify.
struct OwnMethod {
  int (*verify_octets)(int, const unsigned char*, int, const unsigned char*, int, EC_KEY*) = nullptr;
  VerifySignature verify_signature = nullptr;
};

const OwnMethod& openssls_own() {
  static const OwnMethod own = [] {
    OwnMethod found;
    EC_KEY_METHOD_get_verify(EC_KEY_OpenSSL(), &found.verify_octets, &found.verify_signature);
    return found;
  }();
  return own;
}

int verify_signature(const unsigned char* digest, int size, const ECDSA_SIG* signature, EC_KEY* key) {
  auto* multiples = static_cast<Multiples*>(EC_KEY_get_ex_data(key, multiples_index()));
  if (multiples != nullptr && size >= kSmallestDigest) {
    if (const EC_GROUP* curve = multiples->curve(key)) return verify_with(curve, digest, signature, key);
  }
  return openssls_own().verify_signature(digest, size, signature, key);
}

/// OpenSSL's own but for the verification of decoded signatures; never freed, keys refer to it.
const EC_KEY_METHOD* method() {
  static const EC_KEY_METHOD* const made = []() -> const EC_KEY_METHOD* {
    EC_KEY_METHOD* copy = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (copy != nullptr) EC_KEY_METHOD_set_verify(copy, openssls_own().verify_octets, verify_signature);
    return copy;
  }();
  return made;
}

}  // namespace

void verify_repeatedly(EC_KEY* key) {
  if (EC_GROUP_get_curve_name(EC_KEY_get0_group(key)) != NID_X9_62_prime256v1 || method() == nullptr ||
      openssls_own().verify_signature == nullptr || multiples_index() < 0) {
    return;
  }
  auto multiples = std::make_unique<Multiples>();
  if (EC_KEY_set_ex_data(key, multiples_index(), multiples.get()) != 1) return;
  static_cast<void>(multiples.release());  // the key's now
  // Without the method they are never asked for.
  static_cast<void>(EC_KEY_set_method(key, method()));
}

}  // namespace muster::server
