#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/secret.h"
#include "load/script.h"

namespace muster::bench {

/// A fleet that registers: each device once, with a handshake of its own, PUT register and polls until it is assigned
/// (device-api.md 3.1), or CONNECT, SUBSCRIBE and the same two requests with QoS 1 (device-api.md 6). The pause before
/// a poll is what the server asked for in Retry-After.
struct FleetSettings {
  std::string host;  ///< Host header
  std::string id_scope;
  std::string prefix;  ///< registration ids are `prefix` followed by a number
  std::size_t first = 0;
  std::size_t stride = 1;  ///< step between the numbers, to spread the devices over a large store
  std::size_t count = 1;
  std::filesystem::path certificates;  ///< folder of write_certificates; empty: the devices send tokens
  bool mqtt = false;                   ///< instead of HTTPS
  bool hold = false;                   ///< MQTT: connect and subscribe, then stay silent
  SecretBytes group_key;               ///< token keys are derived from it and the registration id (device-api.md 4.3)
};

class Fleet final : public ScriptSource {
 public:
  /// Makes the identities of all devices, so that the run itself only presents them.
  static Result<std::unique_ptr<Fleet>> create(FleetSettings settings);
  std::unique_ptr<Script> make(std::size_t index) override;

  [[nodiscard]] std::size_t polls() const { return polls_; }
  /// The first answers to a register request and to a last poll, as a model for the reference server.
  [[nodiscard]] const std::string& register_body() const { return register_body_; }
  [[nodiscard]] const std::string& status_body() const { return status_body_; }

 private:
  class Device;
  class HttpDevice;
  class MqttDevice;
  explicit Fleet(FleetSettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] std::string registration_id(std::size_t index) const;
  [[nodiscard]] std::string token(const std::string& registration_id) const;

  FleetSettings settings_;
  std::vector<Identity> identities_;
  std::size_t polls_ = 0;
  std::string register_body_;
  std::string status_body_;
};

}  // namespace muster::bench
