#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "provisioning/diagnosis_parts.h"

namespace muster::provisioning::detail {
namespace {

using crypto::Certificate;
using crypto::CertificateFault;
using model::InstanceConfig;

std::string last_facts(const Decision& decision) {
  return decision.checks.empty() ? std::string() : decision.checks.back().facts;
}

std::string name_of(const Certificate& certificate) {
  return certificate.common_name().empty() ? certificate.thumbprint() : "CN=" + certificate.common_name();
}

std::string issuer_of(const Certificate& certificate) {
  const auto info = certificate.info();
  return info ? info->issuer_name : "its issuer";
}

// --- the common name ------------------------------------------------------------------------------------------------

model::Finding common_name(const DeviceRequest& request, const Certificate& leaf, const std::string& facts) {
  const std::string& name = leaf.common_name();
  if (name.empty()) return finding(Cause::kNoCommonName, facts);
  const bool contains = name.size() > request.registration_id.size() && request.registration_id.size() >= 4 &&
                        to_lower(name).find(to_lower(request.registration_id)) != std::string::npos;
  const bool near = contains || id_skeleton(name) == id_skeleton(request.registration_id);
  return finding(near ? Cause::kCommonNameNearMiss : Cause::kCommonNameMismatch,
                 fmt::format("CN={}, registration id {}", name, request.registration_id));
}

// --- an individual enrollment's certificates ------------------------------------------------------------------------

bool same_key(const Certificate& a, const Certificate& b) {
  const EVP_PKEY* one = X509_get0_pubkey(a.native());
  const EVP_PKEY* two = X509_get0_pubkey(b.native());
  return one != nullptr && two != nullptr && EVP_PKEY_eq(one, two) == 1;
}

bool same_names(const Certificate& a, const Certificate& b) {
  return X509_NAME_cmp(X509_get_subject_name(a.native()), X509_get_subject_name(b.native())) == 0 &&
         X509_NAME_cmp(X509_get_issuer_name(a.native()), X509_get_issuer_name(b.native())) == 0;
}

std::vector<Certificate> enrolled_certificates(const Decision& decision) {
  std::vector<Certificate> out;
  const auto* attestation =
      decision.enrollment ? std::get_if<model::CertificateAttestation>(&decision.enrollment->attestation) : nullptr;
  if (attestation == nullptr) return out;
  for (const auto& slot : {attestation->primary, attestation->secondary}) {
    if (!slot) continue;
    if (auto certificate = Certificate::from_der(slot->der)) out.push_back(std::move(*certificate));
  }
  return out;
}

model::Finding not_enrolled(const Decision& decision, const Certificate& leaf) {
  const auto enrolled = enrolled_certificates(decision);
  std::string facts = fmt::format("presented {}", leaf.thumbprint());
  for (const Certificate& each : enrolled) facts += fmt::format(", enrolled {}", each.thumbprint());
  if (std::ranges::any_of(enrolled, [&](const auto& each) { return same_key(each, leaf); })) {
    return finding(Cause::kCertificateRenewed, facts);
  }
  if (std::ranges::any_of(enrolled, [&](const auto& each) { return same_names(each, leaf); })) {
    return finding(Cause::kCertificateReissued, facts);
  }
  return finding(Cause::kCertificateNotEnrolled, facts);
}

Cause demanded(const Decision& decision) {
  return std::holds_alternative<model::TpmAttestation>(decision.enrollment->attestation) ? Cause::kDemandsTpm
                                                                                         : Cause::kDemandsToken;
}

// --- the way to a CA ------------------------------------------------------------------------------------------------

const model::CaCertificate* known_ca(const InstanceConfig& config, const Certificate& certificate) {
  const auto found = std::ranges::find(config.certificates, certificate, &model::CaCertificate::certificate);
  return found == config.certificates.end() ? nullptr : &*found;
}

/// A CA of the instance with the name that `certificate` has as issuer, though it did not sign it.
const model::CaCertificate* namesake_of_issuer(const InstanceConfig& config, const Certificate& certificate) {
  const X509_NAME* issuer = X509_get_issuer_name(certificate.native());
  const auto found = std::ranges::find_if(config.certificates, [&](const auto& ca) {
    return X509_NAME_cmp(X509_get_subject_name(ca.certificate.native()), issuer) == 0;
  });
  return found == config.certificates.end() ? nullptr : &*found;
}

/// Where the issuers that were found end, and why that is not enough.
model::Finding end_of_chain(const InstanceConfig& config, const Certificate& leaf,
                            const std::vector<Certificate>& issuers) {
  const Certificate& last = issuers.empty() ? leaf : issuers.back();
  if (last.is_self_issued()) {
    const auto* namesake = namesake_of_issuer(config, last);
    if (namesake != nullptr && !(namesake->certificate == last)) {
      return finding(Cause::kForeignCaOfSameName, fmt::format("{} here is named {}, the device's is {}", namesake->name,
                                                              name_of(last), last.thumbprint()));
    }
    if (issuers.empty()) return finding(Cause::kSelfSignedNotEnrolled, fmt::format("thumbprint {}", last.thumbprint()));
    return finding(Cause::kCaUnknown, fmt::format("{}, thumbprint {}", name_of(last), last.thumbprint()));
  }
  if (const auto* namesake = namesake_of_issuer(config, last)) {
    return finding(Cause::kForeignCaOfSameName,
                   fmt::format("{} is issued by {}, but not with the key of the certificate {} here", name_of(last),
                               issuer_of(last), namesake->name));
  }
  return finding(Cause::kIntermediateMissing, fmt::format("{} is issued by {}", name_of(last), issuer_of(last)));
}

Findings no_group(const DeviceRequest& request, const AttestationSettings& settings) {
  const auto& evidence = std::get<CertificateEvidence>(request.evidence);
  const InstanceConfig& config = *request.config;
  std::vector<Certificate> known;
  known.reserve(config.certificates.size());
  for (const auto& ca : config.certificates) known.push_back(ca.certificate);
  const auto issuers = crypto::issuer_chain(evidence.leaf, evidence.chain, known, settings.path);
  Findings findings;
  for (const Certificate& issuer : issuers) {
    const auto* ca = known_ca(config, issuer);
    if (ca == nullptr) continue;
    findings.push_back(finding(Cause::kNoGroupForCa,
                               fmt::format("{} ({})", ca->name, ca->verified ? "verified" : "not verified yet")));
  }
  if (findings.empty()) findings.push_back(end_of_chain(config, evidence.leaf, issuers));
  return findings;
}

// --- faults of the path ---------------------------------------------------------------------------------------------

struct FaultCause {
  std::string_view reason;  ///< crypto::CertificateFault::reason
  Cause of_leaf;
  Cause of_issuer;
};

constexpr std::array kFaultCauses{
    FaultCause{"expired", Cause::kLeafExpired, Cause::kIssuerExpired},
    FaultCause{"not-yet-valid", Cause::kLeafNotYetValid, Cause::kIssuerNotYetValid},
    FaultCause{"bad-signature", Cause::kBadSignature, Cause::kBadSignature},
    FaultCause{"not-a-ca", Cause::kNotACa, Cause::kNotACa},
    FaultCause{"path-length-exceeded", Cause::kPathTooLong, Cause::kPathTooLong},
    FaultCause{"key-usage", Cause::kKeyUsage, Cause::kNotACa},
    FaultCause{"extended-key-usage", Cause::kExtendedKeyUsage, Cause::kExtendedKeyUsage},
    FaultCause{"name-constraint", Cause::kNameConstraint, Cause::kNameConstraint},
    FaultCause{"unknown-critical-extension", Cause::kUnknownCriticalExtension, Cause::kUnknownCriticalExtension},
    FaultCause{"weak-key", Cause::kWeakKey, Cause::kWeakKey},
    FaultCause{"unsupported-key", Cause::kWeakKey, Cause::kWeakKey},
    FaultCause{"weak-signature", Cause::kWeakSignature, Cause::kWeakSignature},
    FaultCause{"too-deep", Cause::kTooManyCertificates, Cause::kTooManyCertificates},
    FaultCause{"too-large", Cause::kTooManyCertificates, Cause::kTooManyCertificates},
    FaultCause{"too-complex", Cause::kTooManyCertificates, Cause::kTooManyCertificates},
    FaultCause{"issuer-not-found", Cause::kIntermediateMissing, Cause::kIntermediateMissing},
};

Cause cause_of(const CertificateFault& fault, bool is_leaf) {
  const auto found = std::ranges::find(kFaultCauses, fault.reason, &FaultCause::reason);
  if (found == kFaultCauses.end()) return Cause::kCertificateUnacceptable;
  return is_leaf ? found->of_leaf : found->of_issuer;
}

/// How far the clocks of issuer and service are apart, or how stale a certificate is.
std::string skew(const Certificate& certificate, const CertificateFault& fault, TimePoint at) {
  const auto seconds = [](auto span) { return std::chrono::duration_cast<std::chrono::seconds>(span); };
  if (fault.reason == "expired") {
    return fmt::format(", {} ago", describe_span(seconds(at - certificate.not_after())));
  }
  if (fault.reason != "not-yet-valid") return {};
  return fmt::format(", in {}", describe_span(seconds(certificate.not_before() - at)));
}

Findings path_faults(const crypto::PathReport& path, TimePoint at) {
  Findings findings;
  for (std::size_t i = 0; i < path.elements.size(); ++i) {
    const auto& element = path.elements[i];
    for (const CertificateFault& fault : element.faults) {
      const std::string detail = fault.detail.empty() ? fault.reason : fault.detail;
      findings.push_back(finding(cause_of(fault, i == 0), fmt::format("{}: {}{}", name_of(element.certificate), detail,
                                                                      skew(element.certificate, fault, at))));
    }
  }
  return findings;
}

Findings of_reason(const DeviceRequest& request, const Decision& decision, const AttestationSettings& settings) {
  const Certificate& leaf = std::get<CertificateEvidence>(request.evidence).leaf;
  switch (decision.reason) {
    case Reason::kCommonNameMismatch:
      return {common_name(request, leaf, last_facts(decision))};
    case Reason::kUnknownCertificate:
      return {not_enrolled(decision, leaf)};
    case Reason::kWrongAttestation:
      return {finding(demanded(decision), last_facts(decision))};
    case Reason::kUnverifiedCa: {
      const bool group = decision.enrollment && decision.enrollment->kind == model::EnrollmentKind::kGroup;
      return {finding(group ? Cause::kCaUnverified : Cause::kReferencedCaGone, last_facts(decision))};
    }
    case Reason::kInvalidCertificate:
      if (decision.path) return path_faults(*decision.path, request.at);
      return {finding(Cause::kCertificateUnacceptable, last_facts(decision))};
    default:
      return no_group(request, settings);
  }
}

}  // namespace

Task<Findings> diagnose_certificate(const DeviceRequest& request, const Decision& decision,
                                    const AttestationSettings& settings, store::Store& store) {
  Findings findings = of_reason(request, decision, settings);
  if (decision.reason == Reason::kNoEnrollment) {
    for (auto& hint : co_await id_hints(request, store)) findings.push_back(std::move(hint));
  }
  co_return findings;
}

}  // namespace muster::provisioning::detail
