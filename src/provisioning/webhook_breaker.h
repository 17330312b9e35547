#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "provisioning/settings.h"

namespace muster::provisioning {

/// Keeps callers away from a webhook that does not work: after some failures in a row it rests, then one call is made
/// on trial; the next ones follow when that succeeds. Not thread-safe.
class WebhookBreaker {
 public:
  enum class State : std::uint8_t {
    kClosed,   ///< calls are made
    kOpen,     ///< none are
    kOnTrial,  ///< one is, the others wait for what becomes of it
  };

  explicit WebhookBreaker(const WebhookSettings& settings)
      : failures_to_rest_(settings.failures_to_rest), first_(settings.first_rest), longest_(settings.longest_rest) {}

  /// Whether a call may be made now. Whoever is let through tells what became of it.
  bool admit(TimePoint now);
  void succeeded();
  void failed(TimePoint now);

  [[nodiscard]] State state(TimePoint now) const;
  [[nodiscard]] int failures() const { return failures_; }  ///< in a row
  [[nodiscard]] std::optional<TimePoint> rests_until() const { return rests_until_; }

 private:
  const int failures_to_rest_;
  const std::chrono::seconds first_;
  const std::chrono::seconds longest_;
  int failures_ = 0;
  std::chrono::seconds rest_{0};
  std::optional<TimePoint> rests_until_;
  bool on_trial_ = false;
};

/// "closed", "open", "half-open".
std::string_view to_string(WebhookBreaker::State state);

}  // namespace muster::provisioning
