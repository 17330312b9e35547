#pragma once

#include <string>

#include "load/script.h"

namespace muster::bench {

/// Clients that repeat one request.
struct RequestSettings {
  std::string host;           ///< Host header
  std::string target;         ///< path and query
  std::string authorization;  ///< header; empty: none
  int expected_status = 200;
  std::size_t requests = 1;  ///< on each connection
  bool hold = false;         ///< keep the connections when the requests are answered
};

class RequestSource final : public ScriptSource {
 public:
  /// With `identity` every client presents it; it outlives the source.
  RequestSource(RequestSettings settings, const Identity* identity)
      : settings_(std::move(settings)), identity_(identity) {}
  std::unique_ptr<Script> make(std::size_t index) override;

 private:
  class Repeater;
  RequestSettings settings_;
  const Identity* identity_;
};

}  // namespace muster::bench
