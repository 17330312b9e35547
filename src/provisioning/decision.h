#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/path_validation.h"
#include "model/check.h"
#include "model/enrollment.h"
#include "model/hub_device.h"
#include "model/tpm_challenge.h"

namespace muster::provisioning {

enum class Outcome {
  kChallenged,  ///< its TPM was given something to prove itself with (device-api.md 5.3)
  kAccepted,    ///< proven, and its enrollment lets it in
  kDisabled,    ///< proven, but its enrollment is disabled: the device gets a record `disabled` (R-074)
  kRefused,     ///< not proven: 401, no record (R-076, R-210)
};

/// Why a decision fell as it did. The peer never learns it; logs and explanations do.
enum class Reason {
  kProven,
  kEnrollmentDisabled,   ///< R-032, R-074
  kNoCredentials,        ///< neither a token nor a client certificate
  kMalformedToken,       ///< device-api.md 4.1 step 1
  kForeignResource,      ///< the token is for another scope or registration id (step 2)
  kExpiredToken,         ///< step 3
  kWrongKey,             ///< no key of the enrollment made the signature (R-133)
  kNoEnrollment,         ///< nothing applies (R-048, R-210)
  kWrongAttestation,     ///< the individual enrollment demands another proof (R-030)
  kCommonNameMismatch,   ///< R-021
  kUnknownCertificate,   ///< the leaf is in neither slot of the individual enrollment (R-041)
  kUnverifiedCa,         ///< the group's certificate does not lead to a verified one (R-045, R-049)
  kInvalidCertificate,   ///< the leaf or its path breaks a rule (R-050..R-055)
  kOtherTpm,             ///< the endorsement key is not the enrolled one (R-034)
  kUnusableTpmKey,       ///< the enrolled key cannot be used: kept by an older version
  kNoStorageRootKey,     ///< neither the device nor its enrollment has one
  kOtherStorageRootKey,  ///< not the one that the challenge was made for
  kNoChallenge,          ///< a token, but nothing that its TPM could have made it with
  kExpiredChallenge,     ///< the TPM answered too late
  kSpentChallenge,       ///< the challenge led to another registration already
  kWrongTpmSignature,    ///< no pending challenge's key made the signature
  kStoreFailed,          ///< not decided: our fault, the device should come again
};

std::string_view to_string(Reason reason);

using model::Check;

/// The answer to "may this device have a hub, and why": a value that feeds the wire answer, the log and explanations.
struct Decision {
  Outcome outcome = Outcome::kRefused;
  Reason reason = Reason::kNoEnrollment;
  std::vector<Check> checks;
  std::shared_ptr<const model::Enrollment> enrollment;  ///< the entry that decided; null: none was found
  /// What the hub will know the device by (hub-api.md 5.1); set when the device is proven.
  std::optional<model::HubCredential> credential;
  std::string thumbprint;  ///< X.509: SHA-256 of the presented leaf
  /// Symmetric group: the spelling of the registration id from which the device's key is derived (device-api.md 4.3).
  std::string derivation_id;
  /// TPM: the challenge that the device answered; of calls about a registration that there is, the one it came from.
  std::optional<model::TpmChallenge> challenge;
  /// X.509, refused for its path or its leaf: the best path with its faults.
  std::optional<crypto::PathReport> path;
};

/// Collects the checks of a decision in the making and ends it.
class DecisionBuilder {
 public:
  DecisionBuilder() { decision_.checks.reserve(kUsualChecks); }

  void passed(std::string what, std::string facts = {});
  void note_enrollment(std::shared_ptr<const model::Enrollment> enrollment);
  void note_thumbprint(std::string thumbprint);
  void note_derivation(std::string registration_id);
  void note_challenge(model::TpmChallenge challenge);
  void note_path(crypto::PathReport path);

  /// Ends with a refusal whose last check is the one that failed.
  [[nodiscard]] Decision refuse(Reason reason, std::string what, std::string facts);
  /// Ends with the device proven; the enrollment's status makes it kAccepted or kDisabled.
  [[nodiscard]] Decision prove(model::HubCredential credential);
  /// Ends with a challenge for the device's TPM.
  [[nodiscard]] Decision challenge(std::string facts);

 private:
  static constexpr std::size_t kUsualChecks = 8;

  Decision decision_;
};

/// Every check in one line for the log: "token.form ok; token.signature FAILED (...)".
std::string summarize(const std::vector<Check>& checks);

}  // namespace muster::provisioning
