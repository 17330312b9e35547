#include "provisioning/attest_x509.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::provisioning {
namespace {

using crypto::Certificate;
using model::CaReferenceAttestation;
using model::CertificateAttestation;
using model::Enrollment;
using model::EnrollmentKind;
using model::InstanceConfig;

/// The hub knows an X.509 device by the leaf it presented, in both places (R-024, hub-api.md 5.1).
model::HubCredential presented_leaf(const std::string& thumbprint) {
  return model::ThumbprintCredential{thumbprint, thumbprint};
}

std::vector<Certificate> instance_certificates(const InstanceConfig& config) {
  std::vector<Certificate> out;
  out.reserve(config.certificates.size());
  for (const auto& ca : config.certificates) out.push_back(ca.certificate);
  return out;
}

/// Verified certificates among `issuers[from..]`: only these may end the path.
std::vector<Certificate> anchors_above(std::span<const Certificate> issuers, const InstanceConfig& config) {
  std::vector<Certificate> out;
  for (const Certificate& issuer : issuers) {
    const bool verified = std::ranges::any_of(config.certificates,
                                              [&](const auto& ca) { return ca.verified && ca.certificate == issuer; });
    if (verified) out.push_back(issuer);
  }
  return out;
}

std::string describe(const Certificate& certificate) {
  return fmt::format("CN={} ({})", certificate.common_name(), certificate.thumbprint().substr(0, 12));
}

std::string describe_issuers(std::span<const Certificate> issuers) {
  std::string out;
  for (const Certificate& issuer : issuers) out += (out.empty() ? "" : " < ") + describe(issuer);
  return out.empty() ? "none found" : out;
}

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

/// Which entry applies, and where in the issuer chain its certificate stands.
struct GroupMatch {
  std::shared_ptr<const Enrollment> enrollment;
  std::size_t issuer_index;
};

/// The first group from the leaf upwards, enabled or not; of several at one certificate a disabled one
/// counts.
Task<Result<std::optional<GroupMatch>>> find_group(const InstanceConfig& config, std::span<const Certificate> issuers,
                                                   store::Store& store) {
  std::vector<std::vector<std::string>> links_by_issuer;
  std::vector<std::string> all_links;
  for (const Certificate& issuer : issuers) {
    auto& links = links_by_issuer.emplace_back();
    links.push_back(store::certificate_link(issuer.sha256()));
    for (const auto& ca : config.certificates) {
      if (ca.certificate == issuer) links.push_back(store::ca_reference_link(ca.name));
    }
    all_links.insert(all_links.end(), links.begin(), links.end());
  }
  if (all_links.empty()) co_return std::nullopt;

  auto matches = co_await store.find_by_certificate(config.instance.id, std::move(all_links));
  if (!matches) co_return std::unexpected(matches.error());
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    std::optional<GroupMatch> found;
    for (const auto& match : *matches) {
      if (match.kind != EnrollmentKind::kGroup || !contains(links_by_issuer[i], match.link)) continue;
      auto enrollment =
          co_await store.find_enrollment(config.instance.id, EnrollmentKind::kGroup, match.enrollment_key);
      if (!enrollment) co_return std::unexpected(enrollment.error());
      if (!*enrollment) continue;
      const bool disabled = (*enrollment)->status == model::ProvisioningStatus::kDisabled;
      if (!found || disabled) found = GroupMatch{*std::move(enrollment), i};
    }
    if (found) co_return found;
  }
  co_return std::nullopt;
}

/// One certificate-bearing judgement in progress: what every step needs.
struct Case {
  const DeviceRequest& request;
  const CertificateEvidence& evidence;
  const AttestationSettings& settings;
  std::string thumbprint;
  std::vector<Certificate> known;
};

/// Ends the decision by the path from the leaf to one of `anchors`.
Decision judge_path(DecisionBuilder builder, const Case& c, std::span<const Certificate> anchors) {
  auto report =
      crypto::validate_path(c.evidence.leaf, c.evidence.chain, c.known, anchors, c.request.at, c.settings.path);
  if (!report.valid()) {
    const std::string summary = report.summary();
    builder.note_path(std::move(report));
    return builder.refuse(Reason::kInvalidCertificate, "certificate.path", summary);
  }
  std::string path;
  for (const auto& element : report.elements) path += (path.empty() ? "" : " < ") + describe(element.certificate);
  builder.passed("certificate.path", path);
  return builder.prove(presented_leaf(c.thumbprint));
}

/// the leaf is one of the two stored ones; no chain is needed.
Decision judge_enrolled_leaf(DecisionBuilder builder, const Case& c, const CertificateAttestation& attestation) {
  const auto matches = [&](const auto& slot) { return slot && slot->info.sha256_thumbprint == c.thumbprint; };
  if (!matches(attestation.primary) && !matches(attestation.secondary)) {
    return builder.refuse(Reason::kUnknownCertificate, "certificate.enrolled",
                          fmt::format("the leaf {} is neither primary nor secondary", c.thumbprint));
  }
  builder.passed("certificate.enrolled", matches(attestation.primary) ? "primary" : "secondary");
  if (auto report = crypto::validate_leaf(c.evidence.leaf, c.request.at, c.settings.path); !report.valid()) {
    const std::string summary = report.summary();
    builder.note_path(std::move(report));
    return builder.refuse(Reason::kInvalidCertificate, "certificate.leaf", summary);
  }
  builder.passed("certificate.leaf");
  return builder.prove(presented_leaf(c.thumbprint));
}

/// An individual enrollment by CA reference: any leaf with this common name below that CA (service-api.md 3.1).
Decision judge_referenced_ca(DecisionBuilder builder, const Case& c, const CaReferenceAttestation& attestation) {
  std::vector<Certificate> anchors;
  for (const std::string& name : {attestation.primary, attestation.secondary}) {
    const auto* ca = name.empty() ? nullptr : c.request.config->find_certificate(name);
    if (ca != nullptr && ca->verified) anchors.push_back(ca->certificate);
  }
  if (anchors.empty()) {
    return builder.refuse(Reason::kUnverifiedCa, "certificate.anchor",
                          "none of the referenced CA certificates is there and verified");
  }
  return judge_path(std::move(builder), c, anchors);
}

Decision judge_individual(DecisionBuilder builder, const Case& c, const Enrollment& enrollment) {
  if (const auto* enrolled = std::get_if<CertificateAttestation>(&enrollment.attestation);
      enrolled != nullptr && enrolled->role == model::CertificateRole::kClient) {
    return judge_enrolled_leaf(std::move(builder), c, *enrolled);
  }
  if (const auto* reference = std::get_if<CaReferenceAttestation>(&enrollment.attestation)) {
    return judge_referenced_ca(std::move(builder), c, *reference);
  }
  return builder.refuse(Reason::kWrongAttestation, "enrollment.attestation",
                        fmt::format("the individual enrollment demands {}, the device sent a certificate",
                                    attestation_type(enrollment.attestation)));
}

Task<Result<Decision>> judge_group(DecisionBuilder builder, const Case& c, store::Store& store) {
  const InstanceConfig& config = *c.request.config;
  const auto issuers = crypto::issuer_chain(c.evidence.leaf, c.evidence.chain, c.known, c.settings.path);
  auto match = co_await find_group(config, issuers, store);
  if (!match) co_return std::unexpected(match.error());
  if (!*match) {
    co_return builder.refuse(Reason::kNoEnrollment, "enrollment.found",
                             fmt::format("no individual enrollment for this id and no group for any issuer of the "
                                         "leaf; issuers: {}",
                                         describe_issuers(issuers)));
  }
  const auto& enrollment = (*match)->enrollment;
  builder.passed("enrollment.found",
                 fmt::format("group {} by {}", enrollment->id, describe(issuers[(*match)->issuer_index])));
  builder.note_enrollment(enrollment);

  const auto anchors = anchors_above(std::span(issuers).subspan((*match)->issuer_index), config);
  if (anchors.empty()) {
    co_return builder.refuse(Reason::kUnverifiedCa, "certificate.anchor",
                             fmt::format("neither the group's certificate nor one above it is verified in this "
                                         "instance; issuers: {}",
                                         describe_issuers(issuers)));
  }
  co_return judge_path(std::move(builder), c, anchors);
}

}  // namespace

Task<Result<Decision>> attest_x509(const DeviceRequest& request, store::Store& store,
                                   const AttestationSettings& settings) {
  const auto& evidence = std::get<CertificateEvidence>(request.evidence);
  const Case c{request, evidence, settings, evidence.leaf.thumbprint(), instance_certificates(*request.config)};
  DecisionBuilder builder;
  builder.note_thumbprint(c.thumbprint);

  // ids compare without case.
  const std::string& common_name = evidence.leaf.common_name();
  if (!equals_nocase(common_name, request.registration_id)) {
    co_return builder.refuse(Reason::kCommonNameMismatch, "certificate.common-name",
                             common_name.empty() ? "the leaf has no usable common name"
                                                 : fmt::format("the leaf's common name is {}", common_name));
  }
  builder.passed("certificate.common-name");

  auto individual =
      co_await store.find_enrollment(request.config->instance.id, EnrollmentKind::kIndividual, request.registration_id);
  if (!individual) co_return std::unexpected(individual.error());
  if (*individual) {
    builder.passed("enrollment.found", "individual enrollment");
    builder.note_enrollment(*individual);
    co_return judge_individual(std::move(builder), c, **individual);
  }
  co_return co_await judge_group(std::move(builder), c, store);
}

}  // namespace muster::provisioning
