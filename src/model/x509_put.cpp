#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "model/attestation_put.h"

namespace muster::model {
namespace {

using Slot = std::optional<EnrolledCertificate>;

constexpr std::size_t kMaxReferenceLength = 64;

Result<Slot> uploaded(std::string_view text, std::string_view path) {
  const auto certificate = crypto::Certificate::from_upload(text);
  if (!certificate) return invalid(fmt::format("{}: {}", path, certificate.error().message));
  auto info = certificate->info();
  if (!info) return invalid(fmt::format("{}: {}", path, info.error().message));
  return EnrolledCertificate{.info = *std::move(info), .der = certificate->der()};
}

bool has_thumbprint(const Slot& slot, std::string_view sha256) {
  return slot && equals_nocase(slot->info.sha256_thumbprint, sha256);
}

/// The stored certificate, in whichever slot, that `info` tells of (service-api.md 3.5.2): clients put back what they
/// got and may swap or drop slots meanwhile.
Result<Slot> kept(const MemberReader& info, const CertificateAttestation* stored) {
  const std::string thumbprint = info.text_or_empty("sha256Thumbprint");
  if (stored != nullptr && has_thumbprint(stored->primary, thumbprint)) return stored->primary;
  if (stored != nullptr && has_thumbprint(stored->secondary, thumbprint)) return stored->secondary;
  return invalid(fmt::format("{}: is not the thumbprint of a certificate of this enrollment; give the certificate",
                             info.path_of("sha256Thumbprint")));
}

Result<Slot> slot_put(const MemberReader& collection, std::string_view member, const CertificateAttestation* stored) {
  const auto slot = collection.child(member);
  if (!slot) return std::nullopt;
  if (const auto text = slot->text("certificate"); text && !text->empty()) {
    return uploaded(*text, slot->path_of("certificate"));
  }
  if (const auto info = slot->child("info")) return kept(*info, stored);
  return invalid(fmt::format("{}: is required", slot->path_of("certificate")));
}

Result<Attestation> certificates_put(const MemberReader& x509, std::string_view member, CertificateRole role,
                                     const Attestation* current) {
  const auto collection = x509.child(member);
  const auto* stored = current == nullptr ? nullptr : std::get_if<CertificateAttestation>(current);
  auto primary = slot_put(*collection, "primary", stored);
  if (!primary) return std::unexpected(std::move(primary).error());
  auto secondary = slot_put(*collection, "secondary", stored);
  if (!secondary) return std::unexpected(std::move(secondary).error());
  if (!*primary && !*secondary) return invalid(fmt::format("{}: needs a certificate", x509.path_of(member)));
  // An answer shows a lone primary twice; putting that back must not fill the second slot.
  if (*primary && *secondary && (*primary)->der == (*secondary)->der) secondary->reset();
  return CertificateAttestation{.role = role, .primary = *std::move(primary), .secondary = *std::move(secondary)};
}

std::string reference(const MemberReader& names, std::string_view member) {
  std::string name = names.text_or_empty(member);
  if (name.size() > kMaxReferenceLength) {
    names.reject(member, fmt::format("must have at most {} characters", kMaxReferenceLength));
  }
  return name;
}

Result<Attestation> references_put(const MemberReader& x509) {
  const auto names = x509.child("caReferences");
  CaReferenceAttestation out{.primary = reference(*names, "primary"), .secondary = reference(*names, "secondary")};
  if (out.primary.empty() && out.secondary.empty()) {
    return invalid(fmt::format("{}: needs the name of a certificate", x509.path_of("caReferences")));
  }
  return out;
}

constexpr std::array<std::string_view, 3> kCollections{"clientCertificates", "signingCertificates", "caReferences"};

/// The one collection that is given.
Result<std::string_view> only_collection(const MemberReader& x509) {
  std::string_view only;
  for (std::string_view collection : kCollections) {
    if (!x509.has(collection)) continue;
    if (!only.empty()) return invalid(fmt::format("attestation.x509: has both {} and {}", only, collection));
    if (x509.object(collection) == nullptr) {
      return invalid(fmt::format("{}: must be an object", x509.path_of(collection)));
    }
    only = collection;
  }
  if (only.empty()) {
    return invalid("attestation.x509: needs one of clientCertificates, signingCertificates, caReferences");
  }
  return only;
}

}  // namespace

Result<Attestation> x509_put(EnrollmentKind kind, const MemberReader& attestation, const Attestation* current) {
  const auto x509 = attestation.child("x509");
  if (!x509) return invalid("attestation.x509: is required");
  const auto collection = only_collection(*x509);
  if (!collection) return std::unexpected(collection.error());
  if (*collection == "caReferences") return references_put(*x509);
  const auto role = *collection == "clientCertificates" ? CertificateRole::kClient : CertificateRole::kSigning;
  if (role == CertificateRole::kSigning && kind == EnrollmentKind::kIndividual) {
    return invalid(fmt::format("{}: belongs to enrollment groups", x509->path_of(*collection)));
  }
  if (role == CertificateRole::kClient && kind == EnrollmentKind::kGroup) {
    return invalid(fmt::format("{}: belongs to individual enrollments", x509->path_of(*collection)));
  }
  return certificates_put(*x509, *collection, role, current);
}

}  // namespace muster::model
