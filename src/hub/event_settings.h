#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace muster::hub {

/// How long events stay, and how much of them in each hub; what is beyond either goes.
struct RetentionSettings {
  static constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();

  std::chrono::days age{7};  ///< what Azure's hubs keep at most (hub-api.md 6.1)
  std::uint64_t octets = 10'000'000'000;

  bool operator==(const RetentionSettings&) const = default;
};

}  // namespace muster::hub
