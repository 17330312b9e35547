#include "provisioning/webhook_breaker.h"

#include <algorithm>

namespace muster::provisioning {

bool WebhookBreaker::admit(TimePoint now) {
  if (!rests_until_) return true;
  if (on_trial_ || now < *rests_until_) return false;
  on_trial_ = true;
  return true;
}

void WebhookBreaker::succeeded() {
  failures_ = 0;
  rest_ = std::chrono::seconds(0);
  rests_until_.reset();
  on_trial_ = false;
}

void WebhookBreaker::failed(TimePoint now) {
  ++failures_;
  // What was under way when the rest began says nothing new.
  if (rests_until_ && !on_trial_) return;
  if (failures_ < failures_to_rest_) return;
  on_trial_ = false;
  rest_ = rest_.count() == 0 ? first_ : std::min(rest_ * 2, longest_);
  rests_until_ = now + rest_;
}

WebhookBreaker::State WebhookBreaker::state(TimePoint now) const {
  if (!rests_until_) return State::kClosed;
  return on_trial_ || now >= *rests_until_ ? State::kOnTrial : State::kOpen;
}

std::string_view to_string(WebhookBreaker::State state) {
  switch (state) {
    case WebhookBreaker::State::kClosed:
      return "closed";
    case WebhookBreaker::State::kOpen:
      return "open";
    case WebhookBreaker::State::kOnTrial:
      return "half-open";
  }
  return "closed";
}

}  // namespace muster::provisioning
