#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"

namespace muster::crypto {

enum class CertificateUse { kRootCa, kIntermediateCa, kServer, kClient };

/// What to put into a certificate that we sign.
struct CertificateRequest {
  std::string common_name;
  CertificateUse use = CertificateUse::kServer;
  std::vector<std::string> dns_names;     ///< subject alternative names of a server
  std::vector<std::string> ip_addresses;  ///< textual IPv4 or IPv6
  TimePoint not_before;
  TimePoint not_after;
};

/// A key together with its certificate, able to sign.
struct Issuer {
  const PrivateKey& key;
  const Certificate* certificate;  ///< null: the new certificate signs itself
};

/// Signs a certificate for `subject_key` with SHA-256: RFC 5280 profile, random 128-bit serial number, basic
/// constraints, key usage, extended key usage, subject and authority key identifiers.
Result<Certificate> issue_certificate(const CertificateRequest& request, const PrivateKey& subject_key,
                                      const Issuer& issuer, Random& random);

}  // namespace muster::crypto
