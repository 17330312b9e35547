#pragma once

#include "muster/device_transport.h"
#include "muster/http.h"

namespace muster::cli {

/// HTTPS: PUT register, then GET the operation (device-api.md 3.1). Device and clock outlive it.
class HttpDevice final : public DeviceTransport {
 public:
  HttpDevice(const DeviceRegistration& device, HttpSend send, const Clock& clock)
      : device_(device), send_(std::move(send)), clock_(clock) {}

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  [[nodiscard]] HttpRequest request(std::string method, std::string_view action) const;
  Result<DeviceAnswer> send(const HttpRequest& request);

  const DeviceRegistration& device_;
  HttpSend send_;
  const Clock& clock_;
};

}  // namespace muster::cli
