#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/twin.h"

namespace muster::model {

/// How a device proves itself to its hub (hub-api.md 1.3, 5.1).
struct SasCredential {
  SecretBytes primary;
  SecretBytes secondary;

  bool operator==(const SasCredential&) const = default;
};

/// Thumbprints of certificates that nobody else has to vouch for; type `selfSigned` at the hub. SHA-256 or SHA-1, 64 or
/// 40 upper-case hexadecimal digits; empty: none.
struct ThumbprintCredential {
  std::string primary;
  std::string secondary;

  bool operator==(const ThumbprintCredential&) const = default;
};

/// Any certificate of a CA that the hub trusts, with the device id as its common name.
struct AuthorityCredential {
  bool operator==(const AuthorityCredential&) const = default;
};

/// A device that cannot connect.
struct NoCredential {
  bool operator==(const NoCredential&) const = default;
};

using HubCredential = std::variant<SasCredential, ThumbprintCredential, AuthorityCredential, NoCredential>;

/// "sas", "selfSigned", "certificateAuthority", "none".
std::string_view type_of(const HubCredential& credential);

/// A device in the registry of a local hub. Device ids are compared with case (hub-api.md 5.1).
struct HubDevice {
  std::string hub;  ///< host name in lower case
  std::string device_id;
  HubCredential credential;
  bool enabled = true;
  std::string status_reason = {};
  std::optional<TimePoint> status_changed = {};  ///< by somebody, since the device was made
  bool iot_edge = false;
  std::string device_scope = {};  ///< of gateways and what is behind them; kept, not interpreted (hub-api.md 1.3)
  std::vector<std::string> parent_scopes = {};
  Twin twin = {};
  std::string generation_id;  ///< new whenever the device is created anew
  std::string etag;
  TimePoint created;
  TimePoint updated;           ///< of the identity; the twin has its own times
  std::uint64_t messages = 0;  ///< to the device that wait; counted as it is read, not kept with it

  bool operator==(const HubDevice&) const = default;
};

/// Opaque, in the shapes that hubs have: 18 digits of ticks, base64 of a number (hub-api.md 1.1).
std::string make_generation_id(TimePoint now);
std::string make_device_etag(Random& random);

/// The form kept in the store, without keys. kInternal when damaged.
std::string to_stored_text(const HubDevice& device);
Result<HubDevice> hub_device_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
