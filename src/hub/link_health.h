#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "hub/link_settings.h"

namespace muster::hub {

/// How a link to a hub elsewhere is doing.
enum class LinkState {
  kUnknown,  ///< not asked yet
  kUp,
  kThrottled,     ///< the hub wants fewer calls
  kUnreachable,   ///< no or no sensible answers
  kUnauthorized,  ///< its credential is not accepted (R-090)
};

/// "unknown", "up", "throttled", "unreachable", "unauthorized".
std::string_view to_string(LinkState state);

/// What is shown of a link.
struct LinkStatus {
  LinkState state = LinkState::kUnknown;
  std::optional<TimePoint> since = {};  ///< when it came to this state
  std::string last_error = {};          ///< why it is not up; empty when it is
  std::optional<TimePoint> last_success = {};
  std::optional<std::chrono::milliseconds> latency = {};  ///< of answers, smoothed
  std::size_t waiting = 0;                                ///< calls that wait for their turn
  std::size_t running = 0;                                ///< calls that wait for the hub
};

/// Judges a link by the answers of its hub, and keeps callers away from a hub that does not answer: a circuit breaker
/// that lets one call through now and then. Not thread-safe.
class LinkHealth {
 public:
  explicit LinkHealth(BreakerSettings settings) : settings_(settings) {}

  /// Whether a call may be made now. After a break one caller gets true, on trial: the next ones when it has succeeded.
  bool admit(TimePoint now);
  [[nodiscard]] bool open(TimePoint now) const { return broken_until_ && now < *broken_until_; }

  // What became of a call; true when the state changed.
  bool succeeded(TimePoint now, std::chrono::milliseconds took);
  bool throttled(TimePoint now, std::string why);
  bool failed(TimePoint now, std::string why);
  bool unauthorized(TimePoint now, std::string why);

  [[nodiscard]] const LinkStatus& status() const { return status_; }

 private:
  bool become(LinkState state, TimePoint now, std::string why);
  void answered();

  const BreakerSettings settings_;
  LinkStatus status_;
  int failures_ = 0;
  std::chrono::seconds break_{0};
  std::optional<TimePoint> broken_until_;
};

}  // namespace muster::hub
