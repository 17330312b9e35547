#pragma once

#include <string>

#include "base/clock.h"
#include "crypto/digest.h"
#include "model/hub_device.h"

namespace muster::model {

/// What was given to a device's TPM, encrypted, to prove itself with (device-api.md 5.3). It is good for one
/// registration, and holds what this needs: the keys that the device's hub will have are made with it.
struct TpmChallenge {
  std::string id;                    ///< a time-ordered GUID: the order of the ids is the order of the challenges
  std::string registration_id;       ///< as the device spelt it
  crypto::Sha256 endorsement_key{};  ///< SHA-256 of its TPM2B_PUBLIC
  Bytes storage_root_key;            ///< TPM2B_PUBLIC
  SecretBytes key;                   ///< signs the device's tokens
  SasCredential hub_keys;
  TimePoint begun;
  TimePoint expires;         ///< no registration begins with it from here on
  std::string operation_id;  ///< of the registration that it led to; empty: none yet

  [[nodiscard]] bool is_pending(TimePoint now) const { return operation_id.empty() && now < expires; }
  bool operator==(const TpmChallenge&) const = default;
};

}  // namespace muster::model
