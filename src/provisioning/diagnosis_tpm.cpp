#include "provisioning/diagnosis_parts.h"

namespace muster::provisioning::detail {

std::optional<Cause> tpm_cause(Reason reason) {
  switch (reason) {
    case Reason::kOtherTpm:
      return Cause::kTpmOtherEndorsementKey;
    case Reason::kUnusableTpmKey:
      return Cause::kTpmEnrolledKeyUnusable;
    case Reason::kNoStorageRootKey:
      return Cause::kTpmNoStorageRootKey;
    case Reason::kOtherStorageRootKey:
      return Cause::kTpmOtherStorageRootKey;
    case Reason::kNoChallenge:
      return Cause::kTpmNoChallenge;
    case Reason::kExpiredChallenge:
      return Cause::kTpmChallengeExpired;
    case Reason::kSpentChallenge:
      return Cause::kTpmChallengeSpent;
    case Reason::kWrongTpmSignature:
      return Cause::kTpmWrongSignature;
    default:
      return std::nullopt;
  }
}

Task<Findings> diagnose_tpm_keys(const DeviceRequest& request, const Decision& decision, store::Store& store) {
  const std::string facts = decision.checks.empty() ? std::string() : decision.checks.back().facts;
  if (decision.reason == Reason::kWrongAttestation) {
    const bool keys = std::holds_alternative<model::SymmetricKeyAttestation>(decision.enrollment->attestation);
    co_return Findings{finding(keys ? Cause::kDemandsToken : Cause::kDemandsCertificate, facts)};
  }
  Findings findings{finding(Cause::kNoEnrollment, facts)};
  for (auto& hint : co_await id_hints(request, store)) findings.push_back(std::move(hint));
  co_return findings;
}

}  // namespace muster::provisioning::detail
