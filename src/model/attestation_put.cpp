#include "model/attestation_put.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::array<std::string_view, 3> kTypes{"symmetricKey", "x509", "tpm"};

/// The type that the attestation names, in our spelling; it must agree with the members that are present.
Result<std::string_view> named_type(const MemberReader& attestation) {
  const std::string text = attestation.text_or_empty("type");
  std::string_view type;
  for (std::string_view known : kTypes) {
    if (equals_nocase(text, known)) type = known;
  }
  if (type.empty()) return invalid("attestation.type: must be symmetricKey, x509 or tpm");
  for (std::string_view other : kTypes) {
    if (other != type && attestation.has(other)) {
      return invalid(fmt::format("{}: does not agree with attestation.type {}", attestation.path_of(other), type));
    }
  }
  return type;
}

Result<Attestation> tpm_put(EnrollmentKind kind, const MemberReader& attestation) {
  if (kind == EnrollmentKind::kGroup) return invalid("attestation.type: an enrollment group cannot use tpm");
  const auto tpm = attestation.child("tpm");
  if (!tpm) return invalid("attestation.tpm: is required");
  return TpmAttestation{.endorsement_key = tpm->required_text("endorsementKey"),
                        .storage_root_key = tpm->text_or_empty("storageRootKey")};
}

}  // namespace

Result<Attestation> attestation_put(EnrollmentKind kind, const MemberReader& body, const Attestation* current,
                                    Random& random) {
  const auto attestation = body.child("attestation");
  if (!attestation) return invalid("attestation: is required");
  const auto type = named_type(*attestation);
  if (!type) return std::unexpected(type.error());
  if (*type == "symmetricKey") return symmetric_keys_put(*attestation, current, random);
  if (*type == "x509") return x509_put(kind, *attestation, current);
  return tpm_put(kind, *attestation);
}

}  // namespace muster::model
