#pragma once

#include "base/result.h"

namespace muster::server {

/// Makes OpenSSL 3.0 decode the EC and RSA public keys of certificates by its older code, which is eight times as fast:
/// a handshake with a client certificate then costs 560 instead of 890 microseconds. The older code is chosen when an
/// ENGINE offers methods for a kind of key, so one is registered that offers OpenSSL's own.
///
/// Works for the whole process; call it once, before threads start. Side effect: EVP_PKEY_fromdata and other functions
/// that need a provider's key management do not work with the names "EC" and "RSA" any more; by the object identifiers
/// "1.2.840.10045.2.1" and "1.2.840.113549.1.1.1" they do.
///
/// Tests itself with fixed certificates first. kUnsupported when this OpenSSL does not behave; it is then switched off
/// again, and everything works as without it, only slower.
Result<void> enable_fast_decode();

/// Goes back to OpenSSL's own choice. Harmless when it was never switched on.
void disable_fast_decode();

}  // namespace muster::server
