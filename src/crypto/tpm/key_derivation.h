#pragma once

#include "crypto/tpm/algorithms.h"

namespace muster::crypto::tpm {

/// KDFa: SP800-108 in counter mode with HMAC, and a label with its zero octet (TPM 2.0 part 1 section 11.4.10.2).
/// `bits` is a multiple of 8.
SecretBytes kdfa(Hash hash, const SecretBytes& key, std::string_view label, ByteView context_u, ByteView context_v,
                 std::size_t bits);

/// KDFe: SP800-56A with a hash (section 11.4.10.3), for what an elliptic curve key exchange yields. `z`, `party_u` and
/// `party_v` are x coordinates, padded to the size of the curve. `bits` is a multiple of 8.
SecretBytes kdfe(Hash hash, const SecretBytes& z, std::string_view label, ByteView party_u, ByteView party_v,
                 std::size_t bits);

}  // namespace muster::crypto::tpm
