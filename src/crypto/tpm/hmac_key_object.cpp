#include "crypto/tpm/hmac_key_object.h"

#include <array>
#include <utility>

#include "crypto/digest.h"
#include "crypto/tpm/credential.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

// fixedTPM, fixedParent, sensitiveDataOrigin, restricted and decrypt must be clear, or it does not load.
constexpr std::uint32_t kAttributes = kSign | kNoDictionaryAttack | kUserWithAuth;
constexpr std::size_t kSensitiveRoom = 256;

}  // namespace

HmacKeyObject::HmacKeyObject(SecretBytes key, Random& random)
    : key_(std::move(key)), obfuscation_(random.bytes(sizeof(Sha256))) {
  const SecretBytes joined_secret(joined(obfuscation_.reveal(), key_.reveal()));
  OctetWriter area;
  area.u16(kKeyedHash).u16(kSha256).u32(kAttributes).sized({}).u16(kHmac).u16(kSha256);
  area.sized(sha256(joined_secret.reveal()));
  const Bytes without_size = area.take();
  name_ = OctetWriter().u16(kSha256).raw(sha256(without_size)).take();
  public_area_ = sized(without_size);
}

SecretBytes HmacKeyObject::sensitive_area() const {
  static constexpr std::array<std::uint8_t, sizeof(Sha256)> kNoAuth{};
  OctetWriter sensitive(kSensitiveRoom);
  sensitive.u16(kKeyedHash).sized(kNoAuth).sized(obfuscation_.reveal()).sized(key_.reveal());
  const SecretBytes content(sensitive.take());
  return SecretBytes(sized(content.reveal()));
}

Bytes HmacKeyObject::inner_wrap(const SecretBytes& wrap_key) const {
  const SecretBytes sensitive = sensitive_area();
  const SecretBytes named(joined(sensitive.reveal(), name_));
  const SecretBytes inner(OctetWriter(kSensitiveRoom).sized(sha256(named.reveal())).raw(sensitive.reveal()).take());
  return encrypt_cfb(wrap_key, inner.reveal());
}

Duplicate make_duplicate(const HmacKeyObject& object, const ParentKey& storage_root_key, const SecretBytes& wrap_key,
                         Random& random) {
  const SealedSeed sealed = storage_root_key.seal_seed("DUPLICATE", random);
  const Bytes wrapped = wrap_with_seed(storage_root_key, sealed.seed, object.name(), object.inner_wrap(wrap_key));
  return {sized(wrapped), sealed.encrypted};
}

}  // namespace muster::crypto::tpm
