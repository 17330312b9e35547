#include "crypto/tpm/activation.h"

#include "crypto/tpm/credential.h"
#include "crypto/tpm/hmac_key_object.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

// AES-128, which is what every client tells its TPM in TPM2_Import (5.5 step 2).
constexpr std::size_t kWrapKeySize = 16;

}  // namespace

Bytes make_activation(const ParentKey& endorsement_key, const ParentKey& storage_root_key, const SecretBytes& key,
                      std::string_view text, Random& random) {
  const SecretBytes wrap_key(random.bytes(kWrapKeySize));
  const HmacKeyObject object(key, random);
  const Duplicate duplicate = make_duplicate(object, storage_root_key, wrap_key, random);
  const Credential credential = make_credential(endorsement_key, storage_root_key.name(), wrap_key, random);
  OctetWriter out;
  out.raw(credential.id_object).raw(credential.encrypted_secret);
  out.raw(duplicate.duplicate).raw(duplicate.encrypted_seed).raw(object.public_area());
  out.sized(encrypt_cfb(wrap_key, as_bytes(text.substr(0, kMaxActivationText))));
  return out.take();
}

}  // namespace muster::crypto::tpm
