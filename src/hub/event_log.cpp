#include "hub/event_log.h"

#include <utility>

namespace muster::hub {

EventLog::~EventLog() {
  std::map<Key, std::map<std::uint64_t, Waiter>> rest;
  {
    const std::scoped_lock lock(mutex_);
    rest = std::exchange(waiters_, {});
  }
  for (auto& [key, waiters] : rest) {
    for (auto& [number, waiter] : waiters) {
      timers_.cancel(waiter.timer);
      waiter.resume(false);
    }
  }
}

Task<Result<void>> EventLog::append(HubName hub, model::HubEvent event) {
  const auto appended = co_await store_.append_hub_event(hub.instance, hub.host, std::move(event));
  if (!appended) co_return std::unexpected(appended.error());
  wake(hub);
  co_return Result<void>();
}

Task<Result<std::vector<model::HubEvent>>> EventLog::read(HubName hub, Reading reading) {
  std::uint64_t after = reading.after.value_or(0);
  if (!reading.consumer.empty()) {
    if (reading.after) {
      const auto kept = co_await store_.put_hub_consumer(hub.instance, hub.host, reading.consumer, after);
      if (!kept) co_return std::unexpected(kept.error());
    } else {
      const auto kept = co_await store_.find_hub_consumer(hub.instance, hub.host, reading.consumer);
      if (!kept) co_return std::unexpected(kept.error());
      after = *kept;
    }
  }
  for (bool may_wait = reading.wait.count() > 0;; may_wait = false) {
    std::uint64_t seen = 0;
    {
      const std::scoped_lock lock(mutex_);
      seen = appended_[{hub.instance, hub.host}];
    }
    auto events = co_await store_.read_hub_events(hub.instance, hub.host, after, reading.limit);
    if (!events || !events->empty() || !may_wait) co_return events;
    if (!co_await wait(hub, seen, reading.wait)) co_return events;
  }
}

Task<bool> EventLog::wait(HubName hub, std::uint64_t seen, std::chrono::milliseconds at_most) {
  const Key key{hub.instance, hub.host};
  co_return co_await Handover<bool>([this, &key, seen, at_most](auto resume) {
    {
      const std::scoped_lock lock(mutex_);
      if (appended_[key] == seen) {
        const std::uint64_t number = ++last_waiter_;
        const auto timer =
            timers_.at(std::chrono::steady_clock::now() + at_most, [this, key, number] { let_go(key, number); });
        waiters_[key].emplace(number, Waiter{std::move(resume), timer});
        return;
      }
    }
    resume(true);
  });
}

void EventLog::wake(const HubName& hub) {
  std::map<std::uint64_t, Waiter> woken;
  {
    const std::scoped_lock lock(mutex_);
    const Key key{hub.instance, hub.host};
    ++appended_[key];
    if (auto found = waiters_.extract(key)) woken = std::move(found.mapped());
  }
  for (auto& [number, waiter] : woken) {
    timers_.cancel(waiter.timer);
    waiter.resume(true);
  }
}

void EventLog::let_go(const Key& key, std::uint64_t number) {
  std::map<std::uint64_t, Waiter>::node_type late;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = waiters_.find(key);
    if (found != waiters_.end()) late = found->second.extract(number);
  }
  if (late) late.mapped().resume(false);
}

}  // namespace muster::hub
