#include "store/sqlite/enrollment_row.h"

#include "model/enrollment_json.h"

namespace muster::store::sqlite {
namespace {

std::optional<Bytes> certificate_octets(const std::optional<model::EnrolledCertificate>& slot) {
  if (!slot) return std::nullopt;
  return slot->der;
}

/// The JSON says which slots are filled; a slot without its octets is damage.
Result<void> fill_certificate(std::optional<model::EnrolledCertificate>& slot, const Statement& row, int column) {
  if (!slot) return {};
  const ByteView der = row.blob(column);
  if (der.empty()) return damaged("certificate of an enrollment");
  slot->der.assign(der.begin(), der.end());
  return {};
}

/// Puts what is kept apart back into an attestation.
struct Fill {
  const Session& session;
  const InstanceId& instance;
  EnrollmentKind kind;
  std::string_view key;
  const Statement& row;

  Result<void> operator()(model::SymmetricKeyAttestation& keys) const {
    auto primary = unseal(session, row, 5, enrollment_key_context(instance, kind, key, "primary"));
    if (!primary) return std::unexpected(primary.error());
    auto secondary = unseal(session, row, 6, enrollment_key_context(instance, kind, key, "secondary"));
    if (!secondary) return std::unexpected(secondary.error());
    keys.primary = std::move(*primary);
    keys.secondary = std::move(*secondary);
    return {};
  }
  Result<void> operator()(model::CertificateAttestation& certificates) const {
    if (auto filled = fill_certificate(certificates.primary, row, 3); !filled) return filled;
    return fill_certificate(certificates.secondary, row, 4);
  }
  Result<void> operator()(const model::CaReferenceAttestation& /*names*/) const { return {}; }
  Result<void> operator()(const model::TpmAttestation& /*tpm*/) const { return {}; }
};

}  // namespace

std::string enrollment_key_context(const InstanceId& instance, EnrollmentKind kind, std::string_view key,
                                   std::string_view slot) {
  std::string out = "enrollment";
  out.reserve(128);
  for (const std::string_view part : {std::string_view(instance), model::to_string(kind), key, slot}) {
    out.append("|").append(part);
  }
  return out;
}

EnrollmentRow to_row(const crypto::Sealer& sealer, const InstanceId& instance, const Enrollment& value) {
  EnrollmentRow row;
  row.attestation = model::attestation_type(value.attestation);
  row.status = model::to_string(value.status);
  row.body = model::text_of([&](const auto& storage) { return to_stored_json(value, storage); });
  if (const auto* certificates = std::get_if<model::CertificateAttestation>(&value.attestation)) {
    row.primary_certificate = certificate_octets(certificates->primary);
    row.secondary_certificate = certificate_octets(certificates->secondary);
  }
  if (const auto* keys = std::get_if<model::SymmetricKeyAttestation>(&value.attestation)) {
    const std::string key = model::id_key(value.id);
    row.primary_key = seal(sealer, keys->primary, enrollment_key_context(instance, value.kind, key, "primary"));
    row.secondary_key = seal(sealer, keys->secondary, enrollment_key_context(instance, value.kind, key, "secondary"));
  }
  return row;
}

Result<Enrollment> read_enrollment(const Session& session, const InstanceId& instance, const Statement& row) {
  const auto kind = kind_from_code(row.integer(0));
  if (!kind) return std::unexpected(kind.error());
  const std::string key = row.string(1);
  auto body = parse_body(row.text(2));
  if (!body) return std::unexpected(body.error());
  auto value = model::from_stored_json(*body);
  if (!value) return value;
  if (auto filled = std::visit(Fill{session, instance, *kind, key, row}, value->attestation); !filled) {
    return std::unexpected(filled.error());
  }
  return value;
}

Result<std::string> etag_of_body(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return std::unexpected(body.error());
  const auto etag = model::required_string(*body, "etag");
  if (!etag) return damaged(etag.error().message);
  return std::string(*etag);
}

}  // namespace muster::store::sqlite
