#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace muster::cli {

/// How the simulated device proves itself; the client certificate itself is given to the HTTP client.
enum class DeviceAttestation { kSymmetricKey, kSymmetricKeyGroup, kX509, kTpm };

/// What a TPM tells of itself in a registration; base64 of TPM2B_PUBLIC (device-api.md 5.1).
struct TpmPublicKeys {
  std::string endorsement_key;
  std::string storage_root_key;
};

struct DeviceRegistration {
  std::string transport = "http";  ///< the protocol, as --transport names it
  std::string host = {};           ///< provisioning host, with ":port" when it is not the protocol's own
  std::string id_scope = {};
  std::string registration_id = {};
  DeviceAttestation attestation = DeviceAttestation::kX509;
  SecretBytes key = {};  ///< device key, also of a group device; empty for X.509 and TPM
  std::optional<TpmPublicKeys> tpm = {};
  std::optional<boost::json::value> payload = {};
  std::string api_version = "2021-06-01";
  std::chrono::seconds timeout{60};  ///< from the first request to the final answer
};

/// How a registration ended, for the device's owner.
struct DeviceOutcome {
  std::string status;  ///< "assigned", "failed", "disabled"; "refused" for an HTTP error; "assigning" when time ran out
  std::string assigned_hub = {};
  std::string device_id = {};
  std::string substatus = {};
  std::string operation_id = {};
  std::string error_code = {};
  std::string tracking_id = {};
  std::string message = {};
  std::chrono::milliseconds duration{0};
};

/// Waits; passed in, so that polling is tested without waiting.
using Sleep = std::function<void(std::chrono::milliseconds)>;

class DeviceTransport;

/// Registers one device as the SDKs do: asks for a registration, then for its status until that is final, pausing as
/// the service says (device-api.md 0, 9). Answers from 429 up are tried again until the time is over. kUnavailable when
/// the service cannot be reached; a refusal is an outcome, not an error.
Result<DeviceOutcome> register_device(const DeviceRegistration& device, DeviceTransport& transport, const Clock& clock,
                                      const Sleep& sleep);

}  // namespace muster::cli
