#pragma once

#include <chrono>
#include <cstddef>

namespace muster::hub {

/// When a hub that does not answer is left alone for a while.
struct BreakerSettings {
  int failures = 5;                        ///< in a row, until the circuit opens
  std::chrono::seconds shortest_break{5};  ///< doubled with every failed trial
  std::chrono::seconds longest_break{60};

  bool operator==(const BreakerSettings&) const = default;
};

/// How hubs elsewhere are called.
struct AzureLinkSettings {
  int calls_per_minute = 80;  ///< of one hub; the smallest hub takes 100 (hub-api.md 5.4, 8)
  int burst = 10;             ///< of them at once
  std::size_t concurrent = 8;
  int tries = 3;  ///< of one call
  std::chrono::milliseconds timeout{15'000};
  /// Before the second try at most, doubled for each further one.
  std::chrono::milliseconds first_delay{500};
  std::chrono::seconds longest_delay{30};  ///< a hub that asks for more is left alone
  BreakerSettings breaker = {};

  bool operator==(const AzureLinkSettings&) const = default;
};

}  // namespace muster::hub
