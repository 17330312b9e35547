#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::tpm {

/// The pieces of an activation blob (device-api.md 5.5) that a TPM takes. The text at its end is checked to be there
/// and to be the end, and left.
struct ActivationBlob {
  TPM2B_ID_OBJECT credential{};  ///< the inner key, for the storage root key's name
  TPM2B_ENCRYPTED_SECRET to_endorsement_key{};
  TPM2B_PRIVATE duplicate{};  ///< the HMAC key
  TPM2B_ENCRYPTED_SECRET to_storage_root_key{};
  TPM2B_PUBLIC public_area{};
};

/// kInvalidArgument with the piece that is wrong; nothing may be left over.
Result<ActivationBlob> parse_activation_blob(ByteView blob);

}  // namespace muster::tpm
