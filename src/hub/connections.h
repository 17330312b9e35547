#pragma once

#include <cstddef>
#include <string>

#include "hub/identity_json.h"
#include "hub/registry.h"

namespace muster::hub {

/// Which devices are connected to the hubs now. Thread-safe.
class Connections {
 public:
  virtual ~Connections() = default;
  [[nodiscard]] virtual ConnectionState state(const HubName& hub, const std::string& device_id) const = 0;
  [[nodiscard]] virtual std::size_t connected(const HubName& hub) const = 0;
};

}  // namespace muster::hub
