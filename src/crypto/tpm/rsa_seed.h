#pragma once

#include "crypto/tpm/parent_key.h"

namespace muster::crypto::tpm {

/// RSAES-OAEP (RFC 8017 section 7.1.1) of a seed as long as a digest of `hash`, which is the hash of OAEP and MGF1 too;
/// the label is followed by one zero octet (part 1 appendix B.10.3). Own encoding, because OpenSSL's takes its own
/// randomness; there is no private key here that its timing could tell of. The key has passed find_problems().
SealedSeed seal_rsa_seed(const RsaPublic& key, Hash hash, std::string_view label, Random& random);

}  // namespace muster::crypto::tpm
