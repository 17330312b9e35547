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

// The exponent is 65537, as find_problems() demands.
constexpr int kSquarings = 16;

BN_CTX* bn_context() {
  thread_local const BnContextPtr context(BN_CTX_secure_new());
  require(context != nullptr, "no memory for numbers");
  return context.get();
}

/// XORs MGF1(seed) (RFC 8017 appendix B.2.1) onto `target`.
void mask(Hash hash, ByteView seed, std::span<std::uint8_t> target) {
  Bytes input = OctetWriter(seed.size() + 4).raw(seed).u32(0).take();
  for (; !target.empty(); ++input.back()) {  // a mask has far fewer blocks than one octet counts
    const Bytes block = digest(hash, input);
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

}  // namespace

/// What is found out about a modulus once: OpenSSL's EVP interface spends as long on its objects as on the numbers.
struct RsaSealer::Numbers {
  explicit Numbers(const Bytes& octets)
      : size(octets.size()),
        modulus(BN_bin2bn(octets.data(), int_size(octets.size()), nullptr)),
        montgomery(BN_MONT_CTX_new()) {
    require(modulus && montgomery ? 1 : 0, "no memory for an RSA key");
    require(BN_MONT_CTX_set(montgomery.get(), modulus.get(), bn_context()), "the modulus does not serve");
  }

  /// message^65537 mod n: sixteen squarings, and the message itself, which takes the result out of Montgomery's form.
  /// The exponent and the result are public, only `message` is secret.
  [[nodiscard]] Bytes power(const SecretBytes& message) const {
    const SecretBignumPtr base(BN_bin2bn(message.reveal().data(), int_size(message.size()), nullptr));
    const SecretBignumPtr value(BN_new());
    require(base && value ? 1 : 0, "no memory for an RSA key");
    BN_CTX* context = bn_context();
    require(BN_to_montgomery(value.get(), base.get(), montgomery.get(), context), "RSA fails");
    for (int i = 0; i < kSquarings; ++i) {
      require(BN_mod_mul_montgomery(value.get(), value.get(), value.get(), montgomery.get(), context), "RSA fails");
    }
    require(BN_mod_mul_montgomery(value.get(), value.get(), base.get(), montgomery.get(), context), "RSA fails");
    Bytes out(size);
    require(BN_bn2binpad(value.get(), out.data(), int_size(size)), "RSA fails");
    return out;
  }

  std::size_t size;
  BignumPtr modulus;
  MontgomeryPtr montgomery;
};

RsaSealer::RsaSealer(const RsaPublic& key) : numbers_(std::make_unique<const Numbers>(key.modulus)) {
}

RsaSealer::~RsaSealer() = default;

SealedSeed RsaSealer::seal(Hash hash, std::string_view label, Random& random) const {
  SecretBytes seed(random.bytes(digest_size(hash)));
  const SecretBytes encoded = encode(hash, label, seed.reveal(), numbers_->size, random);
  return {std::move(seed), sized(numbers_->power(encoded))};
}

}  // namespace muster::crypto::tpm
