#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.h"
#include "crypto/certificate.h"
#include "model/instance.h"

namespace muster::provisioning {

/// The device gave nothing to prove who it is.
struct NoEvidence {};

/// A shared access signature as it was sent (device-api.md 4).
struct SasEvidence {
  std::string token;
};

/// A certificate whose key the device has proved to hold in the TLS handshake, and what it sent along.
struct CertificateEvidence {
  crypto::Certificate leaf;
  std::vector<crypto::Certificate> chain;
};

using Evidence = std::variant<NoEvidence, SasEvidence, CertificateEvidence>;

/// What a device asks, whatever the transport it came on.
struct DeviceRequest {
  std::shared_ptr<const model::InstanceConfig> config;  ///< of the instance that the ID scope names
  std::string registration_id;                          ///< as the device spelt it; already checked for its alphabet
  Evidence evidence;
  std::optional<boost::json::value> payload;
  std::string api_version;
  std::string transport;     ///< "http"
  std::string peer_address;  ///< for logs and the audit record
  std::string tracking_id;
  TimePoint at;
};

}  // namespace muster::provisioning
