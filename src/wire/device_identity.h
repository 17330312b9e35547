#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::wire {

/// Who a device says it is, where HTTP would have it in the path. Nothing about it is proved.
struct DeviceIdentity {
  std::string id_scope;
  std::string registration_id;
  std::string api_version = {};  ///< empty: none was named

  bool operator==(const DeviceIdentity&) const = default;
};

/// `{idScope}/registrations/{registrationId}/api-version={V}&ClientVersion=...` (device-api.md 6.2): the user name of
/// MQTT. Keys in any order, unknown ones ignored. kInvalidArgument for another form.
Result<DeviceIdentity> parse_device_user_name(std::string_view user_name);

/// Such a user name, as a device makes it; `client_version`: what it calls itself.
std::string device_user_name(const DeviceIdentity& identity, std::string_view client_version);

/// `{idScope}/registrations/{registrationId}`, also with a slash or `amqps://host/` in front (device-api.md 7.2): the
/// addresses of AMQP links and the user name of SASL PLAIN. kInvalidArgument for another form.
Result<DeviceIdentity> parse_device_address(std::string_view address);

/// Same device: ID scopes and registration ids are compared without case (device-api.md 1).
bool same_device(const DeviceIdentity& a, const DeviceIdentity& b);

}  // namespace muster::wire
