#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "muster/device_client.h"

namespace muster::cli {

/// What the options of `device register` say; empty or absent: not given.
struct DeviceOptions {
  std::string transport = "http";
  std::string provisioning_host = {};
  std::string id_scope = {};
  std::string registration_id = {};
  std::string symmetric_key = {};
  std::string group_key = {};
  std::string certificate = {};
  std::string private_key = {};
  std::string attestation = {};                ///< "tpm", when the device's TPM is to prove it
  std::optional<TpmPublicKeys> tpm_keys = {};  ///< of that TPM, once they are known
  std::optional<std::string> payload = {};
  std::string api_version = "2021-06-01";
  int timeout_seconds = 60;
};

/// Whether the options say how the device proves itself, and that in one way. kInvalidArgument with what is wrong.
Result<void> check_attestation(const DeviceOptions& options);

/// The registration that the options describe: a group key gives the device's own (device-api.md 4.3), a certificate
/// file the registration id by its common name, a TPM by its endorsement key (device-api.md 5.6).
/// kInvalidArgument when the attestation is missing, given twice or unusable.
Result<DeviceRegistration> read_device_registration(const DeviceOptions& options);

/// "symmetricKey", "symmetricKeyGroup", "x509", "tpm".
std::string_view to_string(DeviceAttestation attestation);

/// What `device register -o json` prints: transport, attestation, registrationId, status, milliseconds and, when known,
/// assignedHub, deviceId, substatus, operationId, errorCode, trackingId, message.
boost::json::object outcome_json(const DeviceRegistration& device, const DeviceOutcome& outcome);

}  // namespace muster::cli
