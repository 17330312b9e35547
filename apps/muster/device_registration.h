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
  std::optional<std::string> payload = {};
  std::string api_version = "2021-06-01";
  int timeout_seconds = 60;
};

/// The registration that the options describe: a group key gives the device's own (device-api.md 4.3), a certificate
/// file the registration id by its common name. kInvalidArgument when the attestation is missing, given twice
/// or unusable.
Result<DeviceRegistration> read_device_registration(const DeviceOptions& options);

/// "symmetricKey", "symmetricKeyGroup", "x509".
std::string_view to_string(DeviceAttestation attestation);

/// What `device register -o json` prints: transport, attestation, registrationId, status, milliseconds and, when known,
/// assignedHub, deviceId, substatus, operationId, errorCode, trackingId, message.
boost::json::object outcome_json(const DeviceRegistration& device, const DeviceOutcome& outcome);

}  // namespace muster::cli
