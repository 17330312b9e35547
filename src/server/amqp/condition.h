#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace muster::server::amqp {

/// An error of AMQP 1.0 (section 2.8.14).
struct Condition {
  std::string name;  ///< a symbol, "amqp:not-found"
  std::string description = {};
  std::optional<std::chrono::seconds> retry_after = {};  ///< goes into info, in both spellings (device-api.md 7.3)
};

}  // namespace muster::server::amqp
