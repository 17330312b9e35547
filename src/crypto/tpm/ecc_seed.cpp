#include "crypto/tpm/ecc_seed.h"

#include <memory>

#include <openssl/ec.h>
#include <openssl/objects.h>

#include "crypto/openssl.h"
#include "crypto/tpm/key_derivation.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

using GroupPtr = std::unique_ptr<EC_GROUP, OpensslFree<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, OpensslFree<EC_POINT_clear_free>>;
using BnContextPtr = std::unique_ptr<BN_CTX, OpensslFree<BN_CTX_free>>;
using SecretBignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_clear_free>>;

/// Null for a curve that is not supported. Read only, so that all threads share it.
const EC_GROUP* group_of(std::uint16_t curve) {
  static const GroupPtr p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  static const GroupPtr p384(EC_GROUP_new_by_curve_name(NID_secp384r1));
  if (curve == kP256) return p256.get();
  return curve == kP384 ? p384.get() : nullptr;
}

BN_CTX* bn_context() {
  thread_local const BnContextPtr context(BN_CTX_secure_new());
  require(context != nullptr, "no memory for numbers");
  return context.get();
}

PointPtr new_point(const EC_GROUP* group) {
  PointPtr point(EC_POINT_new(group));
  require(point != nullptr, "no memory for a point");
  return point;
}

/// Null when it does not lie on the curve.
PointPtr point_of(const EC_GROUP* group, const EccPublic& key) {
  const ErrorQueueGuard guard;
  const Bytes octets = OctetWriter().raw(Bytes{POINT_CONVERSION_UNCOMPRESSED}).raw(key.x).raw(key.y).take();
  PointPtr point = new_point(group);
  if (EC_POINT_oct2point(group, point.get(), octets.data(), octets.size(), bn_context()) != 1) return nullptr;
  return point;
}

/// 0 < k < order, from 64 bits more than it needs (FIPS 186-5 appendix A.4.1).
SecretBignumPtr draw_scalar(const EC_GROUP* group, std::size_t size, Random& random) {
  const SecretBytes octets(random.bytes(size + 8));
  SecretBignumPtr k(BN_bin2bn(octets.reveal().data(), int_size(octets.size()), nullptr));
  const BignumPtr limit(BN_dup(EC_GROUP_get0_order(group)));
  require(k && limit ? 1 : 0, "no memory for numbers");
  BN_set_flags(k.get(), BN_FLG_CONSTTIME);
  require(BN_sub_word(limit.get(), 1), "no number to draw");
  require(BN_mod(k.get(), k.get(), limit.get(), bn_context()), "no number to draw");
  require(BN_add_word(k.get(), 1), "no number to draw");
  return k;
}

struct Coordinates {
  Bytes x;
  Bytes y;
};

Coordinates coordinates_of(const EC_GROUP* group, const EC_POINT* point, std::size_t size) {
  const SecretBignumPtr x(BN_new());
  const SecretBignumPtr y(BN_new());
  require(x && y ? 1 : 0, "no memory for numbers");
  require(EC_POINT_get_affine_coordinates(group, point, x.get(), y.get(), bn_context()), "the point has no place");
  Coordinates out{Bytes(size), Bytes(size)};
  require(BN_bn2binpad(x.get(), out.x.data(), int_size(size)), "the point has no place");
  require(BN_bn2binpad(y.get(), out.y.data(), int_size(size)), "the point has no place");
  return out;
}

}  // namespace

std::size_t coordinate_size(std::uint16_t curve) {
  if (curve == kP256) return 32;
  return curve == kP384 ? 48 : 0;
}

bool is_on_curve(const EccPublic& key) {
  const EC_GROUP* group = group_of(key.curve);
  return group != nullptr && point_of(group, key) != nullptr;
}

SealedSeed seal_ecc_seed(const EccPublic& key, Hash hash, std::string_view label, Random& random) {
  const EC_GROUP* group = group_of(key.curve);
  const std::size_t size = coordinate_size(key.curve);
  require(group != nullptr, "the curve was not checked");
  const PointPtr theirs = point_of(group, key);
  require(theirs != nullptr, "the point was not checked");

  const SecretBignumPtr k = draw_scalar(group, size, random);
  const PointPtr ephemeral = new_point(group);
  const PointPtr shared = new_point(group);
  require(EC_POINT_mul(group, ephemeral.get(), k.get(), nullptr, nullptr, bn_context()), "ECDH fails");
  require(EC_POINT_mul(group, shared.get(), nullptr, theirs.get(), k.get(), bn_context()), "ECDH fails");

  const Coordinates ours = coordinates_of(group, ephemeral.get(), size);
  const SecretBytes z(std::move(coordinates_of(group, shared.get(), size).x));
  SecretBytes seed = kdfe(hash, z, label, ours.x, key.x, digest_size(hash) * 8);
  return {std::move(seed), sized(OctetWriter().sized(ours.x).sized(ours.y).take())};
}

}  // namespace muster::crypto::tpm
