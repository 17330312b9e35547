#pragma once

#include <chrono>

#include "crypto/path_validation.h"

namespace muster::provisioning {

/// The choices an operator has in judging devices (semantics.md section 20).
struct AttestationSettings {
  crypto::PathRestrictions path;
  /// How long after its end a token still counts (device-api.md 4.1 step 3): a client may poll with a token that was
  /// made for thirty seconds.
  std::chrono::seconds sas_tolerance = std::chrono::minutes(5);
  /// How long a TPM may take to answer (device-api.md 5.3).
  std::chrono::seconds tpm_challenge_life = std::chrono::hours(1);
};

/// How long attempts are kept for explanations, whichever ends first.
struct AttemptRetention {
  std::size_t keep = 100'000;  ///< of each instance; 0 keeps none
  std::chrono::hours age = std::chrono::days(30);
};

}  // namespace muster::provisioning
