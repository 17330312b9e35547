#pragma once

#include "muster/device_transport.h"
#include "muster/http.h"

namespace muster::cli {

/// HTTPS: PUT register, then GET the operation (device-api.md 3.1). The device outlives it.
class HttpDevice final : public DeviceTransport {
 public:
  /// With the device's own key or certificate; the clock outlives it too.
  HttpDevice(const DeviceRegistration& device, HttpSend send, const Clock& clock)
      : HttpDevice(device, std::move(send), [&device, &clock] { return device_token(device, clock); }) {}
  HttpDevice(const DeviceRegistration& device, HttpSend send, TokenSource token)
      : device_(device), send_(std::move(send)), token_(std::move(token)) {}

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  [[nodiscard]] Result<HttpRequest> request(std::string method, std::string_view action) const;
  Result<DeviceAnswer> send(const HttpRequest& request);

  const DeviceRegistration& device_;
  HttpSend send_;
  TokenSource token_;
};

}  // namespace muster::cli
