#pragma once

#include "crypto/tpm/public_area.h"
#include "crypto/tpm/sealed_seed.h"

namespace muster::crypto::tpm {

/// Octets of a coordinate; 0 for a curve that is not supported.
std::size_t coordinate_size(std::uint16_t curve);
bool is_on_curve(const EccPublic& key);

/// One-pass Diffie-Hellman with an ephemeral key drawn from `random`; the seed is KDFe of the shared point's x and both
/// public x (part 1 appendix C.6.3), the encrypted secret is the ephemeral point. The key has passed find_problems().
SealedSeed seal_ecc_seed(const EccPublic& key, Hash hash, std::string_view label, Random& random);

}  // namespace muster::crypto::tpm
