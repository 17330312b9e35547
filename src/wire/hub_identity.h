#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::wire {

/// Who a device says it is when it connects to a hub. Nothing about it is proved.
struct HubIdentity {
  std::string hub;  ///< host name, as it was written
  std::string device_id;
  std::string module_id = {};  ///< empty: the device itself
  std::string api_version;
  std::string client = {};  ///< DeviceClientType, decoded

  bool operator==(const HubIdentity&) const = default;
};

/// `{host}/{deviceId}[/{moduleId}]/[?]api-version={V}&DeviceClientType=...` (hub-api.md 2.2): the user name of MQTT.
/// Ids are not percent-encoded; unknown names are ignored, of repeated ones the first counts. kInvalidArgument for
/// another form and without api-version.
Result<HubIdentity> parse_hub_user_name(std::string_view user_name);

/// Such a user name, as a device makes it.
std::string hub_user_name(const HubIdentity& identity);

}  // namespace muster::wire
