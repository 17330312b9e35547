#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "load/fleet.h"
#include "load/script.h"

namespace muster::bench {

inline constexpr std::string_view kApiVersion = "2019-03-31";  ///< what most SDKs send (device-api.md 3.2)

/// What one device of a fleet is.
struct DeviceFacts {
  Fleet& fleet;
  std::string registration_id;
  const Identity* identity = nullptr;  ///< null: it has a token or a TPM
  const SoftTpm* tpm = nullptr;        ///< makes its token when it was challenged
  std::string token = {};
};

/// What a device does with answers, whatever it speaks.
class DeviceScript : public Script {
 public:
  explicit DeviceScript(DeviceFacts facts) : facts_(std::move(facts)) {}

  [[nodiscard]] const Identity* identity() const override { return facts_.identity; }
  Next on_reply(const Reply& reply) override;

 protected:
  virtual std::string poll(std::string_view operation) = 0;

  [[nodiscard]] const FleetSettings& settings() const { return facts_.fleet.settings(); }
  [[nodiscard]] const std::string& registration_id() const { return facts_.registration_id; }
  [[nodiscard]] const std::string& token() const { return facts_.token; }
  [[nodiscard]] std::string register_body() const;
  static Next failure(const Reply& reply);

  [[nodiscard]] const DeviceFacts& facts() const { return facts_; }

 private:
  const DeviceFacts facts_;
  int polls_ = 0;
};

/// PUT register, GET operations (device-api.md 3.1).
std::unique_ptr<Script> make_http_device(DeviceFacts facts);
/// CONNECT, SUBSCRIBE, and requests with QoS 1 both ways, as the SDKs do: a response is acknowledged before the next
/// request (device-api.md 6).
std::unique_ptr<Script> make_mqtt_device(DeviceFacts facts);
/// SASL PLAIN, or none with a certificate, open, begin, one link after the other, and requests as transfers: the steps
/// of the C# SDK (device-api.md 7.5).
std::unique_ptr<Script> make_amqp_device(DeviceFacts facts);

}  // namespace muster::bench
