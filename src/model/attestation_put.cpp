#include "model/attestation_put.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/tpm/key_input.h"
#include "crypto/tpm/parent_key.h"

namespace muster::model {
namespace {

using crypto::tpm::KeyRole;

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

/// The key as it is kept: base64 of the whole TPM2B_PUBLIC, whatever form it was given in (device-api.md 5.1). A key
/// that no TPM would unwrap with is refused here, where somebody reads why.
Result<std::string> usable(const Result<crypto::tpm::PublicArea>& key, KeyRole role, const std::string& path) {
  if (!key) return invalid(fmt::format("{}: {}", path, key.error().message), key.error().detail);
  const auto problems = crypto::tpm::find_problems(*key, role);
  if (!problems.empty()) return invalid(fmt::format("{}: {}", path, problems.front()));
  return to_base64(key->octets);
}

Result<Attestation> tpm_put(EnrollmentKind kind, const MemberReader& attestation) {
  if (kind == EnrollmentKind::kGroup) return invalid("attestation.type: an enrollment group cannot use tpm");
  const auto tpm = attestation.child("tpm");
  if (!tpm) return invalid("attestation.tpm: is required");
  const std::string given = tpm->required_text("endorsementKey");
  if (given.empty()) return TpmAttestation();  // which the reader has reported
  auto endorsement_key =
      usable(crypto::tpm::endorsement_key_from_text(given), KeyRole::kEndorsement, tpm->path_of("endorsementKey"));
  if (!endorsement_key) return std::unexpected(endorsement_key.error());
  TpmAttestation out{.endorsement_key = *std::move(endorsement_key), .storage_root_key = {}};
  const std::string pinned = tpm->text_or_empty("storageRootKey");
  if (pinned.empty()) return out;
  auto storage_root_key =
      usable(crypto::tpm::storage_root_key_from_text(pinned), KeyRole::kStorageRoot, tpm->path_of("storageRootKey"));
  if (!storage_root_key) return std::unexpected(storage_root_key.error());
  out.storage_root_key = *std::move(storage_root_key);
  return out;
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
