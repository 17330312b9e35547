#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"

namespace muster::crypto::tpm {

/// A seed, and how only the TPM that holds the key gets at it.
struct SealedSeed {
  SecretBytes seed;
  Bytes encrypted;  ///< TPM2B_ENCRYPTED_SECRET
};

}  // namespace muster::crypto::tpm
