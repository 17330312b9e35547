#include "crypto/tpm/rsa_seed.h"

#include <algorithm>
#include <memory>
#include <string>

#include <openssl/crypto.h>

#include "crypto/openssl.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

using MontgomeryPtr = std::unique_ptr<BN_MONT_CTX, OpensslFree<BN_MONT_CTX_free>>;
using BnContextPtr = std::unique_ptr<BN_CTX, OpensslFree<BN_CTX_free>>;
using SecretBignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_clear_free>>;

constexpr std::uint32_t kExponent = 65537;

/// XORs MGF1(seed) (RFC 8017 appendix B.2.1) onto `target`.
void mask(Hash hash, ByteView seed, std::span<std::uint8_t> target) {
  for (std::uint32_t counter = 0; !target.empty(); ++counter) {
    const Bytes block = digest(hash, OctetWriter(seed.size() + 4).raw(seed).u32(counter).take());
    const std::size_t count = std::min(block.size(), target.size());
    for (std::size_t i = 0; i < count; ++i) target[i] ^= block[i];
    target = target.subspan(count);
  }
}

/// EME-OAEP: 00 | masked seed | masked (digest of the label | zeros | 01 | message).
SecretBytes encode(Hash hash, std::string_view label, ByteView message, std::size_t size, Random& random) {
  const std::size_t digest_octets = digest_size(hash);
  Bytes out(size);
  const auto seed = std::span(out).subspan(1, digest_octets);
  const auto block = std::span(out).subspan(1 + digest_octets);
  random.fill(seed);
  const Bytes label_digest = digest(hash, OctetWriter().raw(as_bytes(label)).raw(Bytes{0}).take());
  std::ranges::copy(label_digest, block.begin());
  const auto end = block.last(message.size() + 1);
  end.front() = 1;
  std::ranges::copy(message, end.begin() + 1);
  mask(hash, seed, block);
  mask(hash, block, seed);
  return SecretBytes(std::move(out));
}

/// message^65537 mod n. OpenSSL's EVP interface spends as long on its objects as on the numbers for a key that is used
/// once; the exponent is public and so is the result, only `message` is secret.
Bytes power(const RsaPublic& key, const SecretBytes& message) {
  thread_local const BnContextPtr context(BN_CTX_secure_new());
  static const BignumPtr exponent = [] {
    BignumPtr value(BN_new());
    require(value != nullptr && BN_set_word(value.get(), kExponent) == 1, "no memory for an exponent");
    return value;
  }();
  const BignumPtr modulus(BN_bin2bn(key.modulus.data(), int_size(key.modulus.size()), nullptr));
  const SecretBignumPtr value(BN_bin2bn(message.reveal().data(), int_size(message.size()), nullptr));
  const MontgomeryPtr montgomery(BN_MONT_CTX_new());
  require(context && modulus && value && montgomery ? 1 : 0, "no memory for an RSA key");
  require(BN_MONT_CTX_set(montgomery.get(), modulus.get(), context.get()), "the modulus does not serve");
  require(BN_mod_exp_mont(value.get(), value.get(), exponent.get(), modulus.get(), context.get(), montgomery.get()),
          "RSA fails");
  Bytes out(key.modulus.size());
  require(BN_bn2binpad(value.get(), out.data(), int_size(out.size())), "RSA fails");
  return out;
}

}  // namespace

SealedSeed seal_rsa_seed(const RsaPublic& key, Hash hash, std::string_view label, Random& random) {
  SecretBytes seed(random.bytes(digest_size(hash)));
  const SecretBytes encoded = encode(hash, label, seed.reveal(), key.modulus.size(), random);
  return {std::move(seed), sized(power(key, encoded))};
}

}  // namespace muster::crypto::tpm
