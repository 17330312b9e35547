#pragma once

#include <string_view>

#include "crypto/tpm/public_area.h"

namespace muster::crypto::tpm {

/// An endorsement key as people and tools hand it over: base64 of a TPM2B_PUBLIC, with or without the size in front; or
/// PEM of a public key or of an EK certificate, from which the structure is made with the TCG's default template for
/// that kind of key (device-api.md 5.1). kInvalidArgument or kUnsupported with what is wrong.
Result<PublicArea> endorsement_key_from_text(std::string_view text);

/// A storage root key: base64 of a TPM2B_PUBLIC, with or without the size in front.
Result<PublicArea> storage_root_key_from_text(std::string_view text);

/// What a file may hold: the same, and the octets themselves: TPM2B_PUBLIC, or DER of a certificate.
Result<PublicArea> endorsement_key_from_file(std::string_view content);

}  // namespace muster::crypto::tpm
