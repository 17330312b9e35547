#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace muster::provisioning {

/// Everything known to keep a device from its hub, as fine as it can be told apart. The names are stable: they stand in
/// kept attempts, in documentation and in people's scripts.
enum class Cause {
  // --- the call itself
  kUnknownIdScope,
  kBadApiVersion,
  kBadRegistrationId,
  kMalformedBody,
  kOtherRegistrationIdInBody,
  kTpmOnOtherTransport,
  kMalformedTpmKeys,
  kThrottled,
  kStoreFailed,
  kUnknownOperation,
  kNeverRegistered,
  // --- tokens
  kNoCredentials,
  kOtherAuthorizationScheme,
  kMalformedToken,
  kTokenForOtherScope,
  kTokenForOtherDevice,
  kTokenOfServiceApi,
  kTokenExpired,
  kDeviceClockBehind,
  kDeviceClockUnset,
  kWrongKey,
  kGroupKeyUsedDirectly,
  kKeyDerivedFromGroup,
  kKeyDerivedForOtherId,
  kKeyNotDecoded,
  kNoEnrollment,
  kNoGroupDerivesKey,
  kSimilarIdEnrolled,
  kEnrollmentDeleted,
  kDemandsCertificate,
  kDemandsToken,
  kDemandsTpm,
  kEnrollmentDisabled,
  kGroupDisabled,
  // --- certificates
  kNoCommonName,
  kCommonNameMismatch,
  kCommonNameNearMiss,
  kCertificateNotEnrolled,
  kCertificateRenewed,
  kCertificateReissued,
  kSelfSignedNotEnrolled,
  kNoGroupForCa,
  kCaUnknown,
  kIntermediateMissing,
  kCaUnverified,
  kReferencedCaGone,
  kForeignCaOfSameName,
  kLeafExpired,
  kLeafNotYetValid,
  kIssuerExpired,
  kIssuerNotYetValid,
  kNotACa,
  kPathTooLong,
  kNameConstraint,
  kKeyUsage,
  kExtendedKeyUsage,
  kWeakKey,
  kWeakSignature,
  kBadSignature,
  kUnknownCriticalExtension,
  kTooManyCertificates,
  kCertificateUnacceptable,
  // --- TPMs
  kTpmOtherEndorsementKey,
  kTpmEnrolledKeyUnusable,
  kTpmNoStorageRootKey,
  kTpmOtherStorageRootKey,
  kTpmNoChallenge,
  kTpmChallengeExpired,
  kTpmChallengeSpent,
  kTpmWrongSignature,
  // --- assignment
  kNoHubLinked,
  kStaticHubCount,
  kNamedHubsNotLinked,
  kHubRefused,
  kHubUnreachable,
  kCustomAllocationFailed,
  kWebhookNotAllowed,
  kWebhookUnreachable,
  kWebhookResting,
  kWebhookAnswerInvalid,
  kEnrollmentGoneMeanwhile,
};

/// What people are told about a cause.
struct CauseText {
  Cause cause;
  std::string_view name;     ///< "wrong-key"
  std::string_view sees;     ///< what the device gets
  std::string_view summary;  ///< one sentence: what is the matter
  std::string_view advice;   ///< what to do about it
};

/// Every cause, in the order of the enumeration. docs/refusals.md is this table.
std::span<const CauseText> cause_texts();
const CauseText& text_of(Cause cause);
std::string_view to_string(Cause cause);
/// nullptr for a name that is none, such as one kept by a newer version.
const CauseText* find_cause(std::string_view name);

}  // namespace muster::provisioning
