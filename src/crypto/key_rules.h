#pragma once

#include <optional>

#include "crypto/path_validation.h"

namespace muster::crypto {

/// Why the public key of this certificate is not acceptable: "unsupported-key" or "weak-key".
std::optional<CertificateFault> judge_key(const Certificate& certificate, const PathRestrictions& restrictions);

/// Why the algorithm of this certificate's signature is not acceptable: "unsupported-signature" or "weak-signature".
/// Not asked of anchors, whose signature nobody relies on.
std::optional<CertificateFault> judge_signature_algorithm(const Certificate& certificate);

/// Whether a signature may be checked with the certificate's key: it decodes, is of a supported kind and not so large
/// that one check would hold up a server thread.
bool can_verify_with(const Certificate& issuer);

}  // namespace muster::crypto
