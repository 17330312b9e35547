#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/path_validation.h"
#include "model/hub_device.h"
#include "model/instance.h"

namespace muster::hub {

/// What a device brings to prove itself to a hub (hub-api.md 2.2): a token, if its password was not empty, else the
/// certificate that it proved in the TLS handshake.
struct DeviceProof {
  std::string device_id;
  std::optional<std::string> token = {};
  std::optional<crypto::Certificate> leaf = {};
  std::vector<crypto::Certificate> chain = {};
};

struct ProofSettings {
  crypto::PathRestrictions path = {};
  std::chrono::seconds sas_tolerance = std::chrono::minutes(5);
};

/// A device that may connect.
struct Admission {
  std::optional<TimePoint> until = {};  ///< when its token ends; the connection ends with it
  std::string method;                   ///< JSON as in iothub-connection-auth-method (hub-api.md 6.1)
};

/// Judges a device's proof against its identity (null: there is none) and the policies and certificates of its hub.
/// kUnauthorized with what was wrong as the detail; the device hears one text for all of them.
Result<Admission> judge_device(const model::HubDevice* device, const DeviceProof& proof,
                               const model::InstanceConfig& config, std::string_view hub, TimePoint now,
                               const ProofSettings& settings);

}  // namespace muster::hub
