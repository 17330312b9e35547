#include "hub/event_retention.h"

#include "base/log.h"

namespace muster::hub {

EventRetention::~EventRetention() {
  stopping_ = true;
  finish();
}

void EventRetention::begin() {
  {
    const std::scoped_lock lock(mutex_);
    if (busy_) return;
    busy_ = true;
  }
  executor_.post([this] {
    start(trim(), [this](const Result<void>& done) {
      if (!done) log_warning("hub.events-not-trimmed", {{"error", done.error().message}});
      // Notified under the lock: the owner may go as soon as it is not busy.
      const std::scoped_lock lock(mutex_);
      busy_ = false;
      idle_.notify_all();
    });
  });
}

void EventRetention::finish() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
}

Task<Result<void>> EventRetention::trim() {
  const TimePoint before = clock_.now() - settings_.age;
  const auto logs = co_await store_.list_hub_logs();
  if (!logs) co_return std::unexpected(logs.error());
  for (const store::HubLog& log : *logs) {
    for (std::size_t dropped = 1; dropped > 0 && !stopping_;) {
      const auto trimmed = co_await store_.trim_hub_events(log.instance, log.hub, before, settings_.octets);
      if (!trimmed) co_return std::unexpected(trimmed.error());
      dropped = *trimmed;
      dropped_ += dropped;
    }
  }
  co_return Result<void>();
}

}  // namespace muster::hub
