#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace muster::bench {

/// What stands behind the reference server for transports that it only passes on: answers every MQTT packet of a device
/// with a fixed one of the size that Muster's answer has.
struct AnswererSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::string register_body;
  std::string status_body;
};

/// Prints "port N" and answers until standard input ends. Plain TCP, one thread.
Result<void> answer_mqtt(const AnswererSettings& settings);

}  // namespace muster::bench
