#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"
#include "outbound/http.h"
#include "provisioning/hub_link.h"

namespace muster::hub {

// The service API of a hub elsewhere as its client sees it (hub-api.md 1.3 to 1.5, 1.8).

/// Paths with the API version that today's clients send.
std::string azure_device_path(std::string_view device_id);
std::string azure_twin_path(std::string_view device_id);

/// The identity of a device that the hub does not have.
boost::json::object azure_new_identity(const provisioning::HubDeviceSpec& spec);
/// `current`, as the hub gave it, with the credential and the capabilities of `spec`; all else is kept, because a PUT
/// replaces the whole (hub-api.md 1.4, 5.2).
boost::json::object azure_adopted_identity(const boost::json::object& current, const provisioning::HubDeviceSpec& spec);
/// Whether the hub knows the device with this credential and these capabilities already. `random` fills the place of
/// keys that the hub does not show.
bool azure_identity_is(const boost::json::object& current, const provisioning::HubDeviceSpec& spec, Random& random);
/// Whether `given` is what a hub might answer to a write or read of this device.
bool azure_identity_of(const boost::json::object& given, std::string_view device_id);

boost::json::object azure_twin_body(const provisioning::InitialTwin& twin);
/// What a device takes along, out of a twin as the hub shows it.
Result<provisioning::DeviceData> azure_device_data(const boost::json::object& twin);

/// An answer that is no success, as an Error whose detail names the hub's own code: kUnauthorized, kNotFound,
/// kConflict, kPreconditionFailed, kLimitExceeded (its devices are too many), kUnsupported (not in its tier),
/// kTooLarge, kInvalidArgument; kUnavailable for what may pass.
Error azure_error(const outbound::HttpResponse& response);
/// Retry-After in seconds, when the answer has one.
std::optional<std::chrono::seconds> retry_after_of(const outbound::HttpResponse& response);

}  // namespace muster::hub
