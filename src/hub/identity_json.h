#pragma once

#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"
#include "model/hub_device.h"

namespace muster::hub {

/// What is known of a device's connection to its hub at this moment.
struct ConnectionState {
  bool connected = false;
  std::optional<TimePoint> changed = {};
  std::optional<TimePoint> last_activity = {};
};

/// The identity as the service API shows it, keys included (hub-api.md 1.3).
boost::json::object identity_to_json(const model::HubDevice& device, const ConnectionState& connection);
/// The twin with what it repeats of the identity, never keys (hub-api.md 1.5).
boost::json::object twin_to_json(const model::HubDevice& device, const ConnectionState& connection);

/// The members of an identity that a client writes; what it does not name is as if it were new (hub-api.md 1.4).
struct IdentityPut {
  std::string device_id = {};
  bool enabled = true;
  std::string status_reason = {};
  model::HubCredential credential = {};
  bool iot_edge = false;
  std::string device_scope = {};
  std::vector<std::string> parent_scopes = {};
};

/// Reads a device, or an item of a bulk call, whose id is in `id_member`. A hub makes the keys that are not given.
/// kInvalidArgument names the member.
Result<IdentityPut> read_identity(const boost::json::object& body, std::string_view id_member, Random& random);

/// Writes it over what is there, or makes a device: generation and twin stay with the identity (hub-api.md 1.4).
model::HubDevice put_identity(const IdentityPut& put, const model::HubDevice* current, std::string_view hub,
                              TimePoint now, Random& random);

}  // namespace muster::hub
