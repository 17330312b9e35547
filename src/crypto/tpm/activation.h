#pragma once

#include "crypto/tpm/parent_key.h"

namespace muster::crypto::tpm {

/// Octets of an HMAC key that is delivered.
inline constexpr std::size_t kDeliveredKeySize = 32;
/// More of the text is not sent: it is for a TPM to decrypt and for nobody to read (device-api.md 5.5 piece 6).
inline constexpr std::size_t kMaxActivationText = 128;

/// The activation blob (device-api.md 5.5): an HMAC key that gets into the TPM with both keys and nowhere else. The
/// inner wrap key is a credential for the storage root key's Name, so only a TPM that has both can unwrap it. Fresh
/// randomness every time. `key`: 16 to 64 octets.
Bytes make_activation(const ParentKey& endorsement_key, const ParentKey& storage_root_key, const SecretBytes& key,
                      std::string_view text, Random& random);

}  // namespace muster::crypto::tpm
