#include "hub/link_pace.h"

#include <algorithm>

namespace muster::hub {

LinkPace::LinkPace(int per_minute, int burst)
    : interval_(std::chrono::steady_clock::duration(std::chrono::minutes(1)) / std::max(per_minute, 1)),
      burst_(interval_ * (std::max(burst, 1) - 1)) {
}

// The generic cell rate algorithm: a call may come as much earlier than its turn as the burst allows.
LinkPace::Time LinkPace::take(Time now) {
  const Time turn = std::max({next_, now, held_});
  const Time use = std::max({turn - burst_, now, held_});
  next_ = turn + interval_;
  return use;
}

void LinkPace::hold(Time until) {
  held_ = std::max(held_, until);
}

std::chrono::steady_clock::duration LinkPace::wait(Time now) const {
  return std::max({next_ - burst_, held_, now}) - now;
}

}  // namespace muster::hub
