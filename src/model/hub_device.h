#pragma once

#include <optional>
#include <string>
#include <variant>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace muster::model {

/// How a device proves itself to its hub (hub-api.md 5.1).
struct SasCredential {
  SecretBytes primary;
  SecretBytes secondary;

  bool operator==(const SasCredential&) const = default;
};

/// SHA-256 thumbprints, 64 upper-case hexadecimal digits; type `selfSigned` at the hub.
struct ThumbprintCredential {
  std::string primary;
  std::string secondary;

  bool operator==(const ThumbprintCredential&) const = default;
};

using HubCredential = std::variant<SasCredential, ThumbprintCredential>;

/// A device in the registry of a local hub. Device ids are compared with case (hub-api.md 5.1).
struct HubDevice {
  std::string hub;  ///< host name in lower case
  std::string device_id;
  HubCredential credential;
  bool enabled = true;
  bool iot_edge = false;
  boost::json::object tags;     ///< of the twin
  boost::json::object desired;  ///< properties of the twin
  std::string generation_id;    ///< new whenever the device is created anew
  std::string etag;
  TimePoint created;
  TimePoint updated;

  bool operator==(const HubDevice&) const = default;
};

/// The form kept in the store, without keys. kInternal when damaged.
boost::json::object to_stored_json(const HubDevice& device);
Result<HubDevice> hub_device_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
