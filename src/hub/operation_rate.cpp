#include "hub/operation_rate.h"

#include <algorithm>

namespace muster::hub {
namespace {

constexpr std::chrono::microseconds kPeriod = std::chrono::seconds(1);

}  // namespace

std::chrono::microseconds OperationRate::token() const {
  return std::max(kPeriod / per_second_, std::chrono::microseconds(1));
}

std::size_t OperationRate::take(std::size_t wanted, TimePoint now) {
  // Never emptier than empty, also when the clock was set back.
  full_ = std::clamp(full_, now, now + kPeriod);
  const auto room = static_cast<std::size_t>((now + kPeriod - full_) / token());
  const std::size_t taken = std::min(wanted, room);
  full_ += token() * taken;
  return taken;
}

std::chrono::microseconds OperationRate::wait(TimePoint now) const {
  const TimePoint full = std::clamp(full_, now, now + kPeriod);
  return std::max(full + token() - kPeriod - now, std::chrono::microseconds(0));
}

}  // namespace muster::hub
