#pragma once

#include <string>
#include <vector>

#include "crypto/path_validation.h"

namespace muster::crypto {

/// Adds a fault unless one with the same reason is there: the first one has the better detail.
void add_fault(std::vector<CertificateFault>& faults, CertificateFault fault);

/// What is wrong with any certificate, wherever it stands in a path: readable extensions, version, unknown critical
/// extensions, key floor, extended key usage for client authentication.
std::vector<CertificateFault> judge_certificate(const Certificate& certificate, const PathRestrictions& restrictions);

/// "not-yet-valid", "expired", or neither; `now` is widened by the clock tolerance on both sides.
std::vector<CertificateFault> judge_validity(const Certificate& certificate, TimePoint now,
                                             std::chrono::seconds tolerance);

/// Whether the certificate may sign certificates: version 3, basic constraints with CA, and keyCertSign when
/// there is a key usage (RFC 5280 section 6.1.4 (k), (l) and (n)). "not-a-ca" or "key-usage".
std::vector<CertificateFault> judge_issuer(const Certificate& certificate);

/// "key-usage" when the leaf has a key usage that excludes signing a TLS handshake (RFC 5280 section 4.2.1.12).
std::vector<CertificateFault> judge_leaf_key_usage(const Certificate& certificate);

/// The subject for messages; its thumbprint when the subject is empty or unreadable.
std::string display_name(const Certificate& certificate);
/// The issuer's name for messages.
std::string display_issuer(const Certificate& certificate);

}  // namespace muster::crypto
