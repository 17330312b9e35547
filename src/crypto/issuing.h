#pragma once

#include "crypto/certificate.h"

namespace muster::crypto {

/// Whether `issuer` can have signed `certificate` by name and key identifiers (RFC 5280 section 6.1.3 (a)(4)
/// and 4.2.1.1). The signature is not checked, and whether it is a CA is not asked.
bool names_issuer(const Certificate& certificate, const Certificate& issuer);

/// Whether the key of `issuer` verifies the signature of `certificate`; false for keys that are not supported. A good
/// signature is checked only once for each certificate object.
bool is_signed_by(const Certificate& certificate, const Certificate& issuer);

/// Whether the certificate is its own issuer by name and key identifiers: a path cannot go on from it.
bool looks_self_signed(const Certificate& certificate);

}  // namespace muster::crypto
