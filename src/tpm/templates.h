#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "tpm/tpm.h"

namespace muster::tpm {

/// The template of device-api.md 5.1, with the 256 zero octets of `unique` that the TCG EK Credential Profile (B.3.3,
/// template L-1) and the TCG TPM v2.0 Provisioning Guidance (7.5.1) ask for: it makes the key that the maker's
/// certificate is about.
TPM2B_PUBLIC template_of(KeyRole role);

/// "endorsement key", "storage root key".
const char* name_of(KeyRole role);

}  // namespace muster::tpm
