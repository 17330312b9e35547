#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "muster/device_client.h"
#include "wire/sas_token.h"

namespace muster::cli {

/// What the device API answers, in the parts that every transport carries.
struct DeviceAnswer {
  int status = 0;  ///< as of HTTP
  std::optional<std::chrono::seconds> retry_after = {};
  std::string body = {};  ///< JSON, of refusals too

  [[nodiscard]] bool success() const { return status >= 200 && status < 300; }
};

/// The requests of one device over one protocol, one after the other. kUnavailable when no answer came.
class DeviceTransport {
 public:
  DeviceTransport() = default;
  virtual ~DeviceTransport() = default;
  DeviceTransport(const DeviceTransport&) = delete;
  DeviceTransport& operator=(const DeviceTransport&) = delete;

  /// `body`: the JSON of the registration (device-api.md 3.4).
  virtual Result<DeviceAnswer> request_registration(const std::string& body) = 0;
  virtual Result<DeviceAnswer> ask_status(const std::string& operation_id) = 0;
};

/// Gives the token to show with the next request; "" for none.
using TokenSource = std::function<Result<std::string>()>;

/// The token that proves a device with a symmetric key; "" for one with a certificate.
std::string device_token(const DeviceRegistration& device, const Clock& clock);
/// The same for a device whose key signs elsewhere.
Result<std::string> device_token(const DeviceRegistration& device, const wire::SasSigner& signer, const Clock& clock);

}  // namespace muster::cli
