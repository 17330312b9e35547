#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "load/script.h"

namespace muster::bench {

/// Devices of a hub that connect and send messages with QoS 1, several on their way at once.
struct TelemetrySettings {
  std::string hub;
  std::string prefix;          ///< device ids are `prefix` followed by a number
  SecretBytes group_key;       ///< the key of each device is derived from it and the device's id
  std::size_t messages = 100;  ///< of each device; 0: it only connects
  std::size_t window = 16;     ///< sent and not acknowledged
  std::size_t payload = 200;   ///< octets of JSON in each
};

class TelemetrySource final : public ScriptSource {
 public:
  explicit TelemetrySource(TelemetrySettings settings);
  std::unique_ptr<Script> make(std::size_t index) override;

 private:
  class Device;

  const TelemetrySettings settings_;
  const std::string payload_;
};

}  // namespace muster::bench
