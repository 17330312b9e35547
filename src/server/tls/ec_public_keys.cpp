#include "server/tls/ec_public_keys.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/recent_map.h"
#include "crypto/openssl.h"
#include "server/tls/repeated_verification.h"

// The types of keys below the EVP interface are deprecated in OpenSSL 3; methods of keys are made of nothing else.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::server {
namespace {

/// Not crypto::OpensslFree, which lies outside of the pragma above.
struct KeyFree {
  void operator()(EC_KEY* key) const { EC_KEY_free(key); }
};
struct OctetsFree {
  void operator()(unsigned char* octets) const { OPENSSL_free(octets); }
};
using GroupPtr = std::unique_ptr<EC_GROUP, crypto::OpensslFree<EC_GROUP_free>>;
using KeyPtr = std::unique_ptr<EC_KEY, KeyFree>;

struct KeptCurve {
  int nid;
  const EC_GROUP* group;
};

/// Made once and never freed: OpenSSL may be cleaned up before static objects are. Read by all threads.
const std::array<KeptCurve, 3>& kept_curves() {
  static const auto curves = [] {
    std::array<KeptCurve, 3> out{{{NID_X9_62_prime256v1, nullptr}, {NID_secp384r1, nullptr}, {NID_secp521r1, nullptr}}};
    for (KeptCurve& curve : out) curve.group = EC_GROUP_new_by_curve_name(curve.nid);
    return out;
  }();
  return curves;
}

/// The keys of issuers come with each of the devices that they stand for. One object is enough for all connections: a
/// key is never changed, and OpenSSL counts who holds it. Keys of devices, which come once, are not kept.
class RepeatedKeys {
 public:
  /// Null: not among them.
  KeyPtr find(std::string_view point) {
    const std::scoped_lock lock(mutex_);
    const KeyPtr* kept = kept_.find(point);
    if (kept == nullptr || EC_KEY_up_ref(kept->get()) != 1) return nullptr;
    return KeyPtr(kept->get());
  }

  /// Keeps it when it comes for the second time.
  void note(std::string_view point, EC_KEY* key) {
    const std::size_t hash = std::hash<std::string_view>()(point);
    const std::scoped_lock lock(mutex_);
    std::size_t& last = last_[hash % last_.size()];
    if (std::exchange(last, hash) == hash && EC_KEY_up_ref(key) == 1) kept_.put(point, KeyPtr(key));
  }

 private:
  std::mutex mutex_;                      // protects all below
  std::array<std::size_t, 1024> last_{};  // hashes of what came
  RecentMap<KeyPtr> kept_{256};
};

/// Never freed, as the curves.
RepeatedKeys& repeated_keys() {
  static auto& keys = *new RepeatedKeys();
  return keys;
}

const EC_GROUP* kept_curve(int nid) {
  const auto found = std::ranges::find(kept_curves(), nid, &KeptCurve::nid);
  return found == kept_curves().end() ? nullptr : found->group;
}

KeyPtr make_key(const EC_GROUP* group, std::string_view point) {
  KeyPtr key(EC_KEY_new());
  const bool made = key && group != nullptr && EC_KEY_set_group(key.get(), group) == 1 &&
                    EC_KEY_oct2key(key.get(), as_bytes(point).data(), point.size(), nullptr) == 1;
  return made ? std::move(key) : nullptr;
}

/// RFC 5480 section 2.1.1; parameters that are spelled out are read as OpenSSL does, whoever asks judges them.
KeyPtr read_key(const X509_ALGOR* algorithm, std::string_view point) {
  int kind = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &kind, &value, algorithm);
  if (kind == V_ASN1_OBJECT) {
    const int nid = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(value));
    const EC_GROUP* curve = kept_curve(nid);
    if (curve == nullptr) return make_key(GroupPtr(EC_GROUP_new_by_curve_name(nid)).get(), point);
    // Of the kept curves no two have points of the same size, so the octets name the curve, too.
    if (KeyPtr key = repeated_keys().find(point)) return key;
    KeyPtr key = make_key(curve, point);
    if (!key) return nullptr;
    verify_repeatedly(key.get());
    repeated_keys().note(point, key.get());
    return key;
  }
  if (kind != V_ASN1_SEQUENCE) return nullptr;
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const unsigned char* octets = ASN1_STRING_get0_data(text);
  return make_key(GroupPtr(d2i_ECPKParameters(nullptr, &octets, ASN1_STRING_length(text))).get(), point);
}

int decode(EVP_PKEY* out, const X509_PUBKEY* in) {
  const unsigned char* point = nullptr;
  int size = 0;
  X509_ALGOR* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(nullptr, &point, &size, &algorithm, in) != 1) return 0;
  KeyPtr key = read_key(algorithm, as_text(ByteView(point, static_cast<std::size_t>(size))));
  if (!key || EVP_PKEY_assign_EC_KEY(out, key.get()) != 1) return 0;
  static_cast<void>(key.release());  // the EVP_PKEY's now
  return 1;
}

const EC_KEY* ec_key(const EVP_PKEY* key) {
  return EVP_PKEY_get0_EC_KEY(key);
}

/// With a named curve only: nobody else's keys are written by this process.
int encode(X509_PUBKEY* out, const EVP_PKEY* in) {
  const EC_KEY* key = ec_key(in);
  const int nid = EC_GROUP_get_curve_name(EC_KEY_get0_group(key));
  unsigned char* made = nullptr;
  const int size = nid == NID_undef ? 0 : i2o_ECPublicKey(key, &made);
  std::unique_ptr<unsigned char, OctetsFree> octets(made);
  if (size <= 0) return 0;
  ASN1_OBJECT* algorithm = OBJ_nid2obj(EVP_PKEY_EC);
  if (X509_PUBKEY_set0_param(out, algorithm, V_ASN1_OBJECT, OBJ_nid2obj(nid), octets.get(), size) != 1) return 0;
  static_cast<void>(octets.release());  // the X509_PUBKEY's now
  return 1;
}

/// 1: the same key; 0: another; -2: cannot be compared.
int compare(const EVP_PKEY* a, const EVP_PKEY* b) {
  const EC_GROUP* group = EC_KEY_get0_group(ec_key(b));
  const EC_POINT* first = EC_KEY_get0_public_key(ec_key(a));
  const EC_POINT* second = EC_KEY_get0_public_key(ec_key(b));
  if (group == nullptr || first == nullptr || second == nullptr) return -2;
  const int differ = EC_POINT_cmp(group, first, second, nullptr);
  return differ == 0 ? 1 : differ == 1 ? 0 : -2;
}

int signature_size(const EVP_PKEY* key) {
  return ECDSA_size(ec_key(key));
}

int bits(const EVP_PKEY* key) {
  return EC_GROUP_order_bits(EC_KEY_get0_group(ec_key(key)));
}

}  // namespace

EVP_PKEY_ASN1_METHOD* make_ec_method_with_kept_curves() {
  const EVP_PKEY_ASN1_METHOD* own = EVP_PKEY_asn1_find(nullptr, EVP_PKEY_EC);
  if (own == nullptr) return nullptr;
  EVP_PKEY_ASN1_METHOD* method = EVP_PKEY_asn1_new(EVP_PKEY_EC, 0, "EC", "OpenSSL's method with kept curves");
  if (method == nullptr) return nullptr;
  EVP_PKEY_asn1_copy(method, own);
  // OpenSSL takes all functions for public keys together; without one it prints the octets.
  EVP_PKEY_asn1_set_public(method, decode, encode, compare, nullptr, signature_size, bits);
  return method;
}

}  // namespace muster::server
