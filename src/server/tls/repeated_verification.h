#pragma once

#include <openssl/types.h>

namespace muster::server {

/// Lets a public key that verifies again and again, as an issuer's does for each of its devices, do so in less than
/// half the time: after some signatures the multiples of its point are computed once, as OpenSSL has them for the
/// curve's own point. That takes 25 ms and 150 KiB; at most 64 keys have them.
///
/// For P-256; other keys stay as they are. `key` must not be known to other threads yet. Verdicts are those of OpenSSL.
void verify_repeatedly(EC_KEY* key);

}  // namespace muster::server
