#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/tpm/parent_key.h"
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

/// The public keys that a device's TPM showed (device-api.md 5.1). They prove nothing: they say who would have to.
struct TpmKeys {
  Bytes endorsement_key;  ///< TPM2B_PUBLIC
  std::optional<crypto::tpm::ParentKey> storage_root_key;
};

using Evidence = std::variant<NoEvidence, SasEvidence, CertificateEvidence>;

/// What a device asks, whatever the transport it came on.
struct DeviceRequest {
  enum class Call { kRegister, kStatus, kLookUp };

  std::shared_ptr<const model::InstanceConfig> config = {};  ///< of the instance that the ID scope names
  std::string registration_id = {};  ///< as the device spelt it; already checked for its alphabet
  Evidence evidence = {};
  std::optional<TpmKeys> tpm = {};
  std::optional<boost::json::value> payload = {};
  Call call = Call::kRegister;
  std::string operation_id = {};  ///< of kStatus: whose result it asks for
  std::string api_version = {};
  std::string transport = {};     ///< "http"
  std::string peer_address = {};  ///< for logs and the audit record
  std::string tracking_id = {};
  TimePoint at = {};
};

}  // namespace muster::provisioning
