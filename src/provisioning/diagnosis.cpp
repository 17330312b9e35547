#include "provisioning/diagnosis.h"

#include "provisioning/diagnosis_parts.h"

namespace muster::provisioning {
namespace {

using detail::Findings;

Findings disabled(const Decision& decision) {
  const bool group = decision.enrollment->kind == model::EnrollmentKind::kGroup;
  return {finding(group ? Cause::kGroupDisabled : Cause::kEnrollmentDisabled, decision.enrollment->id)};
}

}  // namespace

Task<Findings> diagnose(const DeviceRequest& request, const Decision& decision, const AttestationSettings& settings,
                        store::Store& store) {
  if (decision.outcome == Outcome::kAccepted) co_return Findings();
  if (decision.outcome == Outcome::kDisabled) co_return disabled(decision);
  if (const auto cause = detail::tpm_cause(decision.reason)) {
    co_return Findings{finding(*cause, decision.checks.empty() ? std::string() : decision.checks.back().facts)};
  }
  if (std::holds_alternative<SasEvidence>(request.evidence)) {
    co_return co_await detail::diagnose_token(request, decision, store);
  }
  if (std::holds_alternative<CertificateEvidence>(request.evidence)) {
    co_return co_await detail::diagnose_certificate(request, decision, settings, store);
  }
  if (request.tpm && decision.reason != Reason::kNoCredentials)
    co_return co_await detail::diagnose_tpm_keys(request, decision, store);
  Findings findings{finding(Cause::kNoCredentials)};
  for (auto& hint : co_await id_hints(request, store)) findings.push_back(std::move(hint));
  co_return findings;
}

}  // namespace muster::provisioning
