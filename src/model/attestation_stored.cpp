#include "model/attestation_stored.h"

#include "model/names.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

object info_to_json(const crypto::CertificateInfo& info, const boost::json::storage_ptr& storage) {
  object out(storage);
  out["subjectName"] = info.subject_name;
  out["issuerName"] = info.issuer_name;
  out["sha1"] = info.sha1_thumbprint;
  out["sha256"] = info.sha256_thumbprint;
  out["notBefore"] = to_micros(info.not_before);
  out["notAfter"] = to_micros(info.not_after);
  out["serialNumber"] = info.serial_number;
  out["version"] = info.version;
  return out;
}

crypto::CertificateInfo info_from_json(const MemberReader& stored) {
  crypto::CertificateInfo info;
  info.subject_name = stored.text_or_empty("subjectName");
  info.issuer_name = stored.text_or_empty("issuerName");
  info.sha1_thumbprint = stored.text_or_empty("sha1");
  info.sha256_thumbprint = stored.text_or_empty("sha256");
  info.not_before = stored_time(stored, "notBefore");
  info.not_after = stored_time(stored, "notAfter");
  info.serial_number = stored.text_or_empty("serialNumber");
  const std::int64_t version = stored.required_number("version");
  if (version < 1 || version > 3) stored.reject("version", "is out of range");
  info.version = static_cast<int>(version);
  return info;
}

struct Writer {
  const boost::json::storage_ptr& storage;

  object operator()(const SymmetricKeyAttestation& /*keys*/) const { return typed("symmetricKey"); }

  object operator()(const CertificateAttestation& certificates) const {
    object out = typed("certificates");
    out["role"] = name_of(kCertificateRoleNames, certificates.role);
    if (certificates.primary) out["primary"] = info_to_json(certificates.primary->info, storage);
    if (certificates.secondary) out["secondary"] = info_to_json(certificates.secondary->info, storage);
    return out;
  }

  object operator()(const CaReferenceAttestation& names) const {
    object out = typed("caReferences");
    out["primary"] = names.primary;
    out["secondary"] = names.secondary;
    return out;
  }

  object operator()(const TpmAttestation& tpm) const {
    object out = typed("tpm");
    out["endorsementKey"] = tpm.endorsement_key;
    out["storageRootKey"] = tpm.storage_root_key;
    return out;
  }

  [[nodiscard]] object typed(std::string_view type) const {
    object out(storage);
    out["type"] = type;
    return out;
  }
};

std::optional<EnrolledCertificate> slot_from_json(const MemberReader& stored, std::string_view member) {
  const auto info = stored.child(member);
  if (!info) return std::nullopt;
  return EnrolledCertificate{.info = info_from_json(*info), .der = {}};
}

}  // namespace

object attestation_to_stored_json(const Attestation& attestation, const boost::json::storage_ptr& storage) {
  return std::visit(Writer{storage}, attestation);
}

Attestation attestation_from_stored_json(const MemberReader& stored) {
  const std::string type = stored.required_text("type");
  if (type == "certificates") {
    return CertificateAttestation{.role = stored_name(stored, "role", kCertificateRoleNames),
                                  .primary = slot_from_json(stored, "primary"),
                                  .secondary = slot_from_json(stored, "secondary")};
  }
  if (type == "caReferences") {
    return CaReferenceAttestation{stored.text_or_empty("primary"), stored.text_or_empty("secondary")};
  }
  if (type == "tpm") {
    return TpmAttestation{stored.text_or_empty("endorsementKey"), stored.text_or_empty("storageRootKey")};
  }
  if (type != "symmetricKey") stored.reject("type", "has an unknown value");
  return SymmetricKeyAttestation{};
}

}  // namespace muster::model
