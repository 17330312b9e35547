#include "crypto/tpm/credential.h"

#include "crypto/openssl.h"
#include "crypto/tpm/key_derivation.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {

Bytes wrap_with_seed(const ParentKey& key, const SecretBytes& seed, ByteView object_name, ByteView plain) {
  const Hash hash = key.hash();
  const SecretBytes symmetric = kdfa(hash, seed, "STORAGE", object_name, {}, key.symmetric_bits());
  const SecretBytes integrity = kdfa(hash, seed, "INTEGRITY", {}, {}, digest_size(hash) * 8);
  const Bytes encrypted = encrypt_cfb(symmetric, plain);
  const Bytes mac = hmac(hash, integrity.reveal(), joined(encrypted, object_name));
  return OctetWriter().sized(mac).raw(encrypted).take();
}

Credential make_credential(const ParentKey& endorsement_key, ByteView object_name, const SecretBytes& secret,
                           Random& random) {
  require(secret.size() <= digest_size(endorsement_key.hash()) ? 1 : 0, "the secret is too long for a credential");
  const SealedSeed sealed = endorsement_key.seal_seed("IDENTITY", random);
  const SecretBytes plain(sized(secret.reveal()));
  return {sized(wrap_with_seed(endorsement_key, sealed.seed, object_name, plain.reveal())), sealed.encrypted};
}

}  // namespace muster::crypto::tpm
