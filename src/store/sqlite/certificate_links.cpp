#include "store/sqlite/certificate_links.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

struct CollectLinks {
  std::vector<std::string>& links;

  void operator()(const model::CertificateAttestation& certificates) const {
    for (const auto* slot : {&certificates.primary, &certificates.secondary}) {
      if (*slot) links.push_back(certificate_link(crypto::sha256((*slot)->der)));
    }
  }
  void operator()(const model::CaReferenceAttestation& names) const {
    for (const auto* name : {&names.primary, &names.secondary}) {
      if (!name->empty()) links.push_back(ca_reference_link(*name));
    }
  }
  void operator()(const model::SymmetricKeyAttestation& /*keys*/) const {}
  void operator()(const model::TpmAttestation& /*tpm*/) const {}
};

Result<std::optional<CertificateMatch>> find_link(const Session& session, const InstanceId& instance,
                                                  const std::string& link) {
  return read_optional<CertificateMatch>(
      session.connection.query(
          "SELECT kind, enrollment_key FROM enrollment_certificate WHERE instance = ? AND link = ?", instance, link),
      [&](const Statement& row) -> Result<CertificateMatch> {
        const auto kind = kind_from_code(row.integer(0));
        if (!kind) return std::unexpected(kind.error());
        return CertificateMatch{link, *kind, row.string(1)};
      });
}

Error in_use(const CertificateMatch& holder) {
  const std::string_view what = holder.kind == EnrollmentKind::kGroup ? "enrollment group" : "individual enrollment";
  return {ErrorCode::kConflict,
          fmt::format("The certificate is already in use by {} '{}'.", what, holder.enrollment_key)};
}

Result<void> insert_link(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                         const std::string& enrollment_key, const std::string& link) {
  const auto holder = find_link(session, instance, link);
  if (!holder) return std::unexpected(holder.error());
  if (*holder) return std::unexpected(in_use(**holder));
  return without_count(session.connection.run(
      "INSERT INTO enrollment_certificate (instance, link, kind, enrollment_key) VALUES (?, ?, ?, ?)", instance, link,
      kind_code(kind), enrollment_key));
}

}  // namespace

std::vector<std::string> links_of(const model::Attestation& attestation) {
  std::vector<std::string> links;
  std::visit(CollectLinks{links}, attestation);
  std::ranges::sort(links);
  const auto repeated = std::ranges::unique(links);
  links.erase(repeated.begin(), repeated.end());
  return links;
}

Result<std::optional<Error>> find_conflict(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                           const std::string& enrollment_key, std::span<const std::string> links) {
  for (const auto& link : links) {
    const auto holder = find_link(session, instance, link);
    if (!holder) return std::unexpected(holder.error());
    const bool own = *holder && (*holder)->kind == kind && (*holder)->enrollment_key == enrollment_key;
    if (*holder && !own) return in_use(**holder);
  }
  return std::nullopt;
}

Result<void> replace_links(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                           const std::string& enrollment_key, std::span<const std::string> before,
                           std::span<const std::string> after) {
  for (const auto& link : before) {
    if (std::ranges::binary_search(after, link)) continue;
    auto removed = session.connection.run(
        "DELETE FROM enrollment_certificate WHERE instance = ? AND link = ? AND kind = ? AND enrollment_key = ?",
        instance, link, kind_code(kind), enrollment_key);
    if (!removed) return std::unexpected(removed.error());
  }
  for (const auto& link : after) {
    if (std::ranges::binary_search(before, link)) continue;
    if (auto inserted = insert_link(session, instance, kind, enrollment_key, link); !inserted) return inserted;
  }
  return {};
}

Result<std::vector<CertificateMatch>> find_links(const Session& session, const InstanceId& instance,
                                                 std::span<const std::string> links) {
  std::vector<CertificateMatch> matches;
  for (const auto& link : links) {
    auto match = find_link(session, instance, link);
    if (!match) return std::unexpected(match.error());
    if (*match) matches.push_back(std::move(**match));
  }
  return matches;
}

}  // namespace muster::store::sqlite
