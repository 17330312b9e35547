#pragma once

#include <string>

#include "muster/device_transport.h"
#include "muster/mqtt_client.h"

namespace muster::cli {

/// MQTT 3.1.1, over TLS or WebSocket: CONNECT and SUBSCRIBE with the first request, each request a PUBLISH, its answer
/// on the response topic (device-api.md 6). A connection that is lost is made anew with the next request: any
/// connection may ask for an operation. Device and clock outlive it.
class MqttDevice final : public DeviceTransport {
 public:
  MqttDevice(const DeviceRegistration& device, OpenChannel open, const Clock& clock)
      : device_(device), open_(std::move(open)), clock_(clock) {}

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  Result<DeviceAnswer> request(const std::string& topic, const std::string& body);
  Result<std::unique_ptr<MqttClient>> connect();
  Result<DeviceAnswer> exchange(const std::string& topic, const std::string& body);
  std::string next_request_id();

  const DeviceRegistration& device_;
  OpenChannel open_;
  const Clock& clock_;
  std::unique_ptr<MqttClient> client_;  ///< null: not connected
  unsigned last_request_ = 0;
};

}  // namespace muster::cli
