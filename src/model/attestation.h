#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/secret.h"
#include "crypto/certificate.h"

namespace muster::model {

/// Two keys of equal standing. For a group they are masters from which device keys are derived.
struct SymmetricKeyAttestation {
  SecretBytes primary;
  SecretBytes secondary;

  bool operator==(const SymmetricKeyAttestation&) const = default;
};

/// A certificate kept with an enrollment: what is shown of it and the certificate itself, which is never shown again
/// (service-api.md 3.6).
struct EnrolledCertificate {
  crypto::CertificateInfo info;
  Bytes der;

  bool operator==(const EnrolledCertificate&) const = default;
};

enum class CertificateRole {
  kClient,   ///< `clientCertificates`: the leaf itself (individual enrollments)
  kSigning,  ///< `signingCertificates`: an issuer of leaves (groups)
};

/// Certificates given inline; primary and secondary are equal. Without a secondary the primary is shown as both
/// at least one slot is filled.
struct CertificateAttestation {
  CertificateRole role = CertificateRole::kClient;
  std::optional<EnrolledCertificate> primary;
  std::optional<EnrolledCertificate> secondary;

  bool operator==(const CertificateAttestation&) const = default;
};

/// `caReferences`: names of certificates in the instance's list; at least one.
struct CaReferenceAttestation {
  std::string primary;
  std::string secondary;

  bool operator==(const CaReferenceAttestation&) const = default;
};

/// TPM keys as base64 of the TPM2B_PUBLIC, size included; the storage root key may be empty.
struct TpmAttestation {
  std::string endorsement_key;
  std::string storage_root_key;

  bool operator==(const TpmAttestation&) const = default;
};

using Attestation =
    std::variant<SymmetricKeyAttestation, CertificateAttestation, CaReferenceAttestation, TpmAttestation>;

/// "symmetricKey", "x509" or "tpm".
std::string_view attestation_type(const Attestation& attestation);

}  // namespace muster::model
