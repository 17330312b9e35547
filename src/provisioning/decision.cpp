#include "provisioning/decision.h"

#include <utility>

namespace muster::provisioning {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kProven:
      return "proven";
    case Reason::kEnrollmentDisabled:
      return "enrollment-disabled";
    case Reason::kNoCredentials:
      return "no-credentials";
    case Reason::kMalformedToken:
      return "malformed-token";
    case Reason::kForeignResource:
      return "foreign-resource";
    case Reason::kExpiredToken:
      return "expired-token";
    case Reason::kWrongKey:
      return "wrong-key";
    case Reason::kNoEnrollment:
      return "no-enrollment";
    case Reason::kWrongAttestation:
      return "wrong-attestation";
    case Reason::kCommonNameMismatch:
      return "common-name-mismatch";
    case Reason::kUnknownCertificate:
      return "unknown-certificate";
    case Reason::kUnverifiedCa:
      return "unverified-ca";
    case Reason::kInvalidCertificate:
      return "invalid-certificate";
    case Reason::kOtherTpm:
      return "other-tpm";
    case Reason::kUnusableTpmKey:
      return "unusable-tpm-key";
    case Reason::kNoStorageRootKey:
      return "no-storage-root-key";
    case Reason::kOtherStorageRootKey:
      return "other-storage-root-key";
    case Reason::kNoChallenge:
      return "no-challenge";
    case Reason::kExpiredChallenge:
      return "expired-challenge";
    case Reason::kSpentChallenge:
      return "spent-challenge";
    case Reason::kWrongTpmSignature:
      return "wrong-tpm-signature";
    case Reason::kStoreFailed:
      return "store-failed";
  }
  return "unknown";
}

void DecisionBuilder::passed(std::string what, std::string facts) {
  decision_.checks.push_back({std::move(what), true, std::move(facts)});
}

void DecisionBuilder::note_enrollment(std::shared_ptr<const model::Enrollment> enrollment) {
  decision_.enrollment = std::move(enrollment);
}

void DecisionBuilder::note_thumbprint(std::string thumbprint) {
  decision_.thumbprint = std::move(thumbprint);
}

void DecisionBuilder::note_derivation(std::string registration_id) {
  decision_.derivation_id = std::move(registration_id);
}

void DecisionBuilder::note_challenge(model::TpmChallenge challenge) {
  decision_.challenge = std::move(challenge);
}

void DecisionBuilder::note_path(crypto::PathReport path) {
  decision_.path = std::move(path);
}

Decision DecisionBuilder::refuse(Reason reason, std::string what, std::string facts) {
  decision_.checks.push_back({std::move(what), false, std::move(facts)});
  decision_.outcome = Outcome::kRefused;
  decision_.reason = reason;
  return std::move(decision_);
}

Decision DecisionBuilder::prove(model::HubCredential credential) {
  decision_.credential = std::move(credential);
  const bool enabled = decision_.enrollment->status == model::ProvisioningStatus::kEnabled;
  decision_.checks.push_back({"enrollment.status", enabled, std::string(to_string(decision_.enrollment->status))});
  decision_.outcome = enabled ? Outcome::kAccepted : Outcome::kDisabled;
  decision_.reason = enabled ? Reason::kProven : Reason::kEnrollmentDisabled;
  return std::move(decision_);
}

Decision DecisionBuilder::challenge(std::string facts) {
  passed("tpm.challenge", std::move(facts));
  decision_.outcome = Outcome::kChallenged;
  return std::move(decision_);
}

std::string summarize(const std::vector<Check>& checks) {
  std::size_t size = 0;
  for (const Check& check : checks)
    size += check.what.size() + check.facts.size() + std::string_view("; FAILED ()").size() + 1;
  std::string out;
  out.reserve(size);
  for (const Check& check : checks) {
    if (!out.empty()) out += "; ";
    out += check.what;
    out += check.passed ? " ok" : " FAILED";
    if (!check.facts.empty()) {
      out += " (";
      out += check.facts;
      out += ")";
    }
  }
  return out;
}

}  // namespace muster::provisioning
