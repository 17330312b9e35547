#include "hub/link_health.h"

#include <algorithm>
#include <utility>

namespace muster::hub {
namespace {

// Weight of the newest answer in the smoothed latency; about the last ten count.
constexpr double kNewest = 0.1;

}  // namespace

std::string_view to_string(LinkState state) {
  switch (state) {
    case LinkState::kUnknown:
      return "unknown";
    case LinkState::kUp:
      return "up";
    case LinkState::kThrottled:
      return "throttled";
    case LinkState::kUnreachable:
      return "unreachable";
    case LinkState::kUnauthorized:
      return "unauthorized";
  }
  return "unknown";
}

bool LinkHealth::admit(TimePoint now) {
  if (!broken_until_) return true;
  if (now < *broken_until_) return false;
  broken_until_ = now + break_;  // the others wait for what becomes of this one
  return true;
}

bool LinkHealth::become(LinkState state, TimePoint now, std::string why) {
  status_.last_error = std::move(why);
  if (status_.state == state) return false;
  status_.state = state;
  status_.since = now;
  return true;
}

void LinkHealth::answered() {
  failures_ = 0;
  break_ = std::chrono::seconds(0);
  broken_until_.reset();
}

bool LinkHealth::succeeded(TimePoint now, std::chrono::milliseconds took) {
  answered();
  status_.last_success = now;
  const double before = static_cast<double>(status_.latency.value_or(took).count());
  const double smoothed = before + (kNewest * (static_cast<double>(took.count()) - before));
  status_.latency = std::chrono::milliseconds(static_cast<std::int64_t>(smoothed));
  return become(LinkState::kUp, now, "");
}

bool LinkHealth::throttled(TimePoint now, std::string why) {
  answered();
  return become(LinkState::kThrottled, now, std::move(why));
}

bool LinkHealth::failed(TimePoint now, std::string why) {
  const bool on_trial = broken_until_.has_value();
  if (++failures_ < settings_.failures && !on_trial) return false;
  break_ = std::clamp(break_ * 2, settings_.shortest_break, settings_.longest_break);
  broken_until_ = now + break_;
  return become(LinkState::kUnreachable, now, std::move(why));
}

bool LinkHealth::unauthorized(TimePoint now, std::string why) {
  answered();
  return become(LinkState::kUnauthorized, now, std::move(why));
}

}  // namespace muster::hub
