#pragma once

namespace muster::server {

/// The key schedule of TLS 1.3 (RFC 8446 section 7.1) as an OpenSSL provider of this process: the function "TLS13-KDF"
/// with SHA-256 and SHA-384, over the parameters of one call. A handshake calls it nineteen times, and OpenSSL 3.0's
/// own looks up the digest and makes and frees some fifteen objects each time, which costs three times the hashing.
///
/// The property query that prefers it, for SSL_CTX_new_ex(); null when it cannot be had or does not compute what
/// OpenSSL's own does: then TLS works as ever, only slower. Made at the first call; any thread.
const char* fast_key_schedule();

}  // namespace muster::server
