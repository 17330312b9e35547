#pragma once

#include "crypto/tpm/parent_key.h"

namespace muster::crypto::tpm {

/// What TPM2_ActivateCredential takes.
struct Credential {
  Bytes id_object;         ///< TPM2B_ID_OBJECT
  Bytes encrypted_secret;  ///< TPM2B_ENCRYPTED_SECRET
};

/// TPM2_MakeCredential (part 1 section 24, part 3 section 12.6): a secret that only the TPM with the endorsement key
/// reveals, and only while the object with that Name is loaded in it. `secret` is no longer than a digest of the key's
/// nameAlg, anything else is a broken invariant.
Credential make_credential(const ParentKey& endorsement_key, ByteView object_name, const SecretBytes& secret,
                           Random& random);

/// Encrypts and authenticates with keys from a seed (part 1 sections 22.4 and 24.4): what credentials and duplicates
/// have in common. Returns TPM2B_DIGEST of the HMAC, then the ciphertext.
Bytes wrap_with_seed(const ParentKey& key, const SecretBytes& seed, ByteView object_name, ByteView plain);

}  // namespace muster::crypto::tpm
