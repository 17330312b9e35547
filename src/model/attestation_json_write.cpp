#include "model/enrollment_json.h"

namespace muster::model {
namespace {

using boost::json::object;

object slot_to_json(const EnrolledCertificate& certificate, EnrollmentView view) {
  object out;
  if (view == EnrollmentView::kWhole) {
    out["certificate"] = to_base64(certificate.der);
  } else {
    out["info"] = to_json(certificate.info);
  }
  return out;
}

object slots_to_json(const CertificateAttestation& certificates, EnrollmentView view) {
  object out;
  if (certificates.primary) out["primary"] = slot_to_json(*certificates.primary, view);
  // a lone primary is shown in both places; a whole copy has it where it is.
  const bool mirrored = !certificates.secondary && view != EnrollmentView::kWhole;
  const auto& secondary = mirrored ? certificates.primary : certificates.secondary;
  if (secondary) out["secondary"] = slot_to_json(*secondary, view);
  return out;
}

struct Writer {
  EnrollmentView view;

  object operator()(const SymmetricKeyAttestation& keys) const {
    object out;
    // Keys are absent in a value that the store has not completed; an empty text would look like a key.
    if (view != EnrollmentView::kPublic && !keys.primary.empty() && !keys.secondary.empty()) {
      object member;
      member["primaryKey"] = to_base64(keys.primary.reveal());
      member["secondaryKey"] = to_base64(keys.secondary.reveal());
      out["symmetricKey"] = std::move(member);
    }
    return out;
  }

  object operator()(const CertificateAttestation& certificates) const {
    object collection;
    collection[certificates.role == CertificateRole::kClient ? "clientCertificates" : "signingCertificates"] =
        slots_to_json(certificates, view);
    object out;
    out["x509"] = std::move(collection);
    return out;
  }

  object operator()(const CaReferenceAttestation& names) const {
    object references;
    if (!names.primary.empty()) references["primary"] = names.primary;
    if (!names.secondary.empty()) references["secondary"] = names.secondary;
    object collection;
    collection["caReferences"] = std::move(references);
    object out;
    out["x509"] = std::move(collection);
    return out;
  }

  object operator()(const TpmAttestation& tpm) const {
    object member;
    member["endorsementKey"] = tpm.endorsement_key;
    if (!tpm.storage_root_key.empty()) member["storageRootKey"] = tpm.storage_root_key;
    object out;
    out["tpm"] = std::move(member);
    return out;
  }
};

}  // namespace

object to_json(const crypto::CertificateInfo& info) {
  object out;
  out["subjectName"] = info.subject_name;
  out["sha1Thumbprint"] = info.sha1_thumbprint;
  out["sha256Thumbprint"] = info.sha256_thumbprint;
  out["issuerName"] = info.issuer_name;
  out["notBeforeUtc"] = format_time_seconds(info.not_before);
  out["notAfterUtc"] = format_time_seconds(info.not_after);
  out["serialNumber"] = info.serial_number;
  out["version"] = info.version;
  return out;
}

object attestation_to_json(const Attestation& attestation, EnrollmentView view) {
  object out;
  out["type"] = attestation_type(attestation);
  for (auto& [name, value] : std::visit(Writer{view}, attestation)) out[name] = value;
  return out;
}

}  // namespace muster::model
