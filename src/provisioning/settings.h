#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

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

/// How webhooks of custom allocation are called (service-api.md 9).
struct WebhookSettings {
  /// Host names that may be called, "*.example.net" for all below a domain. Empty: any host whose address is neither
  /// this machine's nor of a kind that is never called.
  std::vector<std::string> hosts = {};
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{10'000};  ///< of one call with its repetition, without the wait for its turn
  std::size_t concurrent = 16;                ///< calls of one host that wait for an answer
  std::size_t keep_exchanges = 20;            ///< of each webhook; 0 keeps none
  int failures_to_rest = 5;                   ///< in a row, until a webhook is not asked for a while
  std::chrono::seconds first_rest{5};         ///< twice as long each time that it fails again
  std::chrono::seconds longest_rest{60};
};

}  // namespace muster::provisioning
