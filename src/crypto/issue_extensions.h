#pragma once

#include <openssl/types.h>

#include "base/result.h"
#include "crypto/issue.h"

namespace muster::crypto {

/// Adds the extensions of RFC 5280 section 4.2 that the request's use needs to a certificate that has its names and its
/// public key. `issuer` is the signing certificate; for a self-signed one the certificate itself.
Result<void> add_extensions(X509* certificate, const X509* issuer, const CertificateRequest& request);

}  // namespace muster::crypto
