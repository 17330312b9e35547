#include "base/back_off.h"

#include <algorithm>
#include <array>

namespace muster {

std::chrono::milliseconds BackOff::next(Random& random) {
  std::array<std::uint8_t, 2> chance{};
  random.fill(chance);
  constexpr std::int64_t kOctetValues = 256;
  const std::int64_t share = chance[0] * kOctetValues + chance[1];  // of kOctetValues squared
  const auto half = step_ / 2;
  const auto out = half + (step_ - half) * share / (kOctetValues * kOctetValues);
  step_ = std::min(step_ * 2, settings_.most);
  return out;
}

}  // namespace muster
