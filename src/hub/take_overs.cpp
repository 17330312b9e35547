#include "hub/take_overs.h"

#include <utility>

namespace muster::hub {
namespace {

/// A clock that was set back must not keep anybody waiting for the time that it lost.
bool is_recent(TimePoint then, TimePoint now, std::chrono::microseconds period) {
  return then <= now && now - then < period;
}

}  // namespace

bool TakeOvers::grant(TimePoint now, const TakeOverSettings& settings) {
  // Those of another day have nothing to do with this one.
  if (!is_recent(latest_, now, settings.between_notices)) count_ = {.began = now};
  latest_ = now;
  if (last_granted_ && is_recent(*last_granted_, now, settings.between)) {
    ++count_.refused;
    return false;
  }
  ++count_.granted;
  last_granted_ = now;
  return true;
}

std::optional<TakeOvers::Count> TakeOvers::take_due(TimePoint now, const TakeOverSettings& settings) {
  if (last_told_ && is_recent(*last_told_, now, settings.between_notices)) return std::nullopt;
  last_told_ = now;
  return std::exchange(count_, {.began = now});
}

}  // namespace muster::hub
