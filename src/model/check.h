#pragma once

#include <string>

namespace muster::model {

/// One thing that was looked at when a device asked for a hub, with the facts that were seen.
struct Check {
  std::string what;  ///< short stable name, "token.expiry"
  bool passed = false;
  std::string facts;

  bool operator==(const Check&) const = default;
};

}  // namespace muster::model
