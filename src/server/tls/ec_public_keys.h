#pragma once

#include <openssl/evp.h>

namespace muster::server {

/// OpenSSL's own method for EC keys, except that the curves P-256, P-384 and P-521 are computed once and not for each
/// public key that is decoded: that takes longer than all else in a certificate, and a handshake with a client
/// certificate and its issuer decodes two. Keys that come again, as those of issuers do, share one object.
///
/// The caller's, to be freed with EVP_PKEY_asn1_free(); null when OpenSSL has no such method or no memory.
EVP_PKEY_ASN1_METHOD* make_ec_method_with_kept_curves();

}  // namespace muster::server
