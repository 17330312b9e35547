#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/tpm/public_area.h"

namespace muster::crypto::tpm {

/// What a manufacturer certifies of a TPM (TCG EK Credential Profile 2.5 section 3.2).
struct EkCertificate {
  PublicArea key;            ///< by the default template for its kind: a certificate does not tell which one it was
  std::string manufacturer;  ///< as it stands there: "id:53544D20"; these three are empty when they are not told
  std::string model;
  std::string version;
  bool is_for_endorsement_keys = false;  ///< the extended key usage 2.23.133.8.1
};

/// kUnsupported or kInvalidArgument when its key can be no endorsement key.
Result<EkCertificate> read_ek_certificate(const Certificate& certificate);

/// Whether a chain of valid signatures and dates leads from the certificate to one of `trusted` that is self-signed;
/// the others among them may stand between. Returns that root's name; kUnauthorized with what is wrong.
///
/// Apart from path_validation, whose leaves are devices that sign: an endorsement key only decrypts, and its
/// certificate has an empty subject and, in many TPMs, a date that has no end.
Result<std::string> verify_ek_certificate(const Certificate& certificate, const std::vector<Certificate>& trusted,
                                          TimePoint now);

}  // namespace muster::crypto::tpm
