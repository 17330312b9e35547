#include "server/tls/ec_public_keys.h"

#include <array>
#include <memory>

#include <openssl/ec.h>
#include <openssl/x509.h>

// The types of keys below the EVP interface are deprecated in OpenSSL 3; methods of keys are made of nothing else.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::server {
namespace {

struct GroupFree {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
};
struct KeyFree {
  void operator()(EC_KEY* key) const { EC_KEY_free(key); }
};
struct OctetsFree {
  void operator()(unsigned char* octets) const { OPENSSL_free(octets); }
};
using GroupPtr = std::unique_ptr<EC_GROUP, GroupFree>;
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

/// RFC 5480 section 2.1.1; parameters that are spelled out are read as OpenSSL does, whoever asks judges them.
bool set_curve(EC_KEY* key, const X509_ALGOR* algorithm) {
  int kind = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &kind, &value, algorithm);
  if (kind == V_ASN1_OBJECT) {
    const int nid = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(value));
    for (const KeptCurve& curve : kept_curves()) {
      if (curve.nid == nid && curve.group != nullptr) return EC_KEY_set_group(key, curve.group) == 1;
    }
    const GroupPtr group(EC_GROUP_new_by_curve_name(nid));
    return group && EC_KEY_set_group(key, group.get()) == 1;
  }
  if (kind != V_ASN1_SEQUENCE) return false;
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const unsigned char* octets = ASN1_STRING_get0_data(text);
  const GroupPtr group(d2i_ECPKParameters(nullptr, &octets, ASN1_STRING_length(text)));
  return group && EC_KEY_set_group(key, group.get()) == 1;
}

int decode(EVP_PKEY* out, const X509_PUBKEY* in) {
  const unsigned char* point = nullptr;
  int size = 0;
  X509_ALGOR* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(nullptr, &point, &size, &algorithm, in) != 1) return 0;
  KeyPtr key(EC_KEY_new());
  if (!key || !set_curve(key.get(), algorithm)) return 0;
  if (EC_KEY_oct2key(key.get(), point, static_cast<std::size_t>(size), nullptr) != 1) return 0;
  if (EVP_PKEY_assign_EC_KEY(out, key.get()) != 1) return 0;
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
