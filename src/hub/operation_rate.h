#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace muster::hub {

/// How fast things may be begun: so many in a second, and as many at once after a rest. Not thread-safe.
class OperationRate {
 public:
  explicit OperationRate(std::uint32_t per_second) : per_second_(per_second) {}

  /// How many of `wanted` may begin now; they count as begun.
  std::size_t take(std::size_t wanted, TimePoint now);
  /// How long until one may begin; 0: now.
  [[nodiscard]] std::chrono::microseconds wait(TimePoint now) const;

 private:
  [[nodiscard]] std::chrono::microseconds token() const;

  std::uint32_t per_second_;
  TimePoint full_ = TimePoint::min();  ///< when there is room for a whole second's again (generic cell rate algorithm)
};

}  // namespace muster::hub
