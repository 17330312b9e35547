#include "crypto/tpm/key_derivation.h"

#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

constexpr std::uint8_t kZero = 0;

/// What both derivations do: one block after the other, numbered from 1, and the first `bits` of them all.
template <class Block>
SecretBytes derive(std::size_t bits, std::size_t block_size, const Block& block) {
  const std::size_t size = bits / 8;
  Bytes out;
  out.reserve(size + block_size);  // growing would leave copies of a key behind
  for (std::uint32_t counter = 1; out.size() < size; ++counter) {
    const SecretBytes part(block(counter));
    out.insert(out.end(), part.reveal().begin(), part.reveal().end());
  }
  const SecretBytes all(std::move(out));
  return SecretBytes(all.reveal().first(size));
}

}  // namespace

SecretBytes kdfa(Hash hash, const SecretBytes& key, std::string_view label, ByteView context_u, ByteView context_v,
                 std::size_t bits) {
  return derive(bits, digest_size(hash), [&](std::uint32_t counter) {
    OctetWriter data;
    data.u32(counter).raw(as_bytes(label)).raw({&kZero, 1});
    data.raw(context_u).raw(context_v).u32(static_cast<std::uint32_t>(bits));
    return hmac(hash, key.reveal(), data.take());
  });
}

SecretBytes kdfe(Hash hash, const SecretBytes& z, std::string_view label, ByteView party_u, ByteView party_v,
                 std::size_t bits) {
  return derive(bits, digest_size(hash), [&](std::uint32_t counter) {
    OctetWriter data(4 + z.size() + label.size() + 1 + party_u.size() + party_v.size());
    data.u32(counter).raw(z.reveal()).raw(as_bytes(label)).raw({&kZero, 1}).raw(party_u).raw(party_v);
    const SecretBytes secret(data.take());
    return digest(hash, secret.reveal());
  });
}

}  // namespace muster::crypto::tpm
