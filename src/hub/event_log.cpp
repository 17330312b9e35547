#include "hub/event_log.h"

#include <utility>

#include "base/log.h"

namespace muster::hub {
namespace {

/// Written together: what a transaction takes that holds nobody up for long.
constexpr std::size_t kMostTogether = 2000;
/// Waiting for one hub. A device is not answered before its messages are written and sends no more than its window, so
/// this is for very many of them and a disk that stands still.
constexpr std::size_t kMostWaitingOctets = std::size_t{64} << 20U;

}  // namespace

EventLog::EventLog(store::Store& store, Timers& timers) : store_(store), timers_(timers) {
  store_.watch_hub_notices(
      [this](const model::InstanceId& instance, const std::string& hub) { wake({instance, hub}); });
}

EventLog::~EventLog() {
  store_.watch_hub_notices({});
  close();
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return writing_ == 0; });
}

Task<Result<void>> EventLog::append(HubName hub, model::HubEvent event) {
  co_return co_await Handover<Result<void>>([this, &hub, &event](auto answer) {
    Newcomer newcomer{std::move(event), std::move(answer)};
    if (!enter(hub, newcomer)) newcomer.answer(fail(ErrorCode::kUnavailable, "Too many messages wait for the disk."));
  });
}

void EventLog::tell(const HubName& hub, model::HubEvent event) {
  Newcomer newcomer{std::move(event), [hub](const Result<void>& kept) {
                      if (kept) return;
                      log_warning("hub.event-not-kept", {{"hub", hub.host}, {"reason", kept.error().message}});
                    }};
  if (!enter(hub, newcomer)) newcomer.answer(fail(ErrorCode::kUnavailable, "Too many messages wait for the disk."));
}

bool EventLog::enter(const HubName& hub, Newcomer& newcomer) {
  bool begin = false;
  {
    const std::scoped_lock lock(mutex_);
    Lane& lane = lanes_[key_of(hub)];
    if (lane.octets > kMostWaitingOctets) return false;
    lane.octets += newcomer.event.body.size();
    lane.waiting.push_back(std::move(newcomer));
    begin = !std::exchange(lane.writing, true);
    if (begin) ++writing_;
  }
  if (begin) {
    executor_.post([this, hub] { start(write_lane(hub), [](bool) {}); });
  }
  return true;
}

Task<bool> EventLog::write_lane(HubName hub) {
  for (;;) {
    std::vector<Newcomer> batch = take_batch(hub);
    if (batch.empty()) co_return true;
    std::vector<model::HubEvent> events;
    events.reserve(batch.size());
    for (Newcomer& each : batch) events.push_back(std::move(each.event));
    const auto appended = co_await store_.append_hub_events(hub.instance, hub.host, std::move(events));
    for (Newcomer& each : batch) {
      each.answer(appended ? Result<void>() : Result<void>(std::unexpected(appended.error())));
    }
    if (appended) wake(key_of(hub));
  }
}

/// Empty: the lane rests until the next newcomer.
std::vector<EventLog::Newcomer> EventLog::take_batch(const HubName& hub) {
  const std::scoped_lock lock(mutex_);
  Lane& lane = lanes_[key_of(hub)];
  std::vector<Newcomer> batch;
  if (lane.waiting.size() <= kMostTogether) {
    batch = std::exchange(lane.waiting, {});
  } else {
    const auto end = lane.waiting.begin() + kMostTogether;
    batch.assign(std::make_move_iterator(lane.waiting.begin()), std::make_move_iterator(end));
    lane.waiting.erase(lane.waiting.begin(), end);
  }
  for (const Newcomer& each : batch) lane.octets -= each.event.body.size();
  if (batch.empty()) {
    lane.writing = false;
    if (--writing_ == 0) written_.notify_all();
  }
  return batch;
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
      seen = appended_[key_of(hub)];
    }
    auto events = co_await store_.read_hub_events(hub.instance, hub.host, after, reading.limit);
    if (!events || !events->empty() || !may_wait) co_return events;
    if (!co_await wait(hub, seen, reading.wait)) co_return events;
  }
}

Task<bool> EventLog::wait(HubName hub, std::uint64_t seen, std::chrono::milliseconds at_most) {
  const Key key = key_of(hub);
  co_return co_await Handover<bool>([this, &key, seen, at_most](auto resume) {
    bool over = false;
    {
      const std::scoped_lock lock(mutex_);
      over = closed_;
      if (!over && appended_[key] == seen) {
        const std::uint64_t number = ++last_waiter_;
        const auto timer =
            timers_.at(std::chrono::steady_clock::now() + at_most, [this, key, number] { let_go(key, number); });
        waiters_[key].emplace(number, Waiter{std::move(resume), timer});
        return;
      }
    }
    resume(!over);
  });
}

void EventLog::wake(const Key& key) {
  std::map<std::uint64_t, Waiter> woken;
  {
    const std::scoped_lock lock(mutex_);
    ++appended_[key];
    if (auto found = waiters_.extract(key)) woken = std::move(found.mapped());
  }
  for (auto& [number, waiter] : woken) {
    timers_.cancel(waiter.timer);
    waiter.resume(true);
  }
}

void EventLog::close() {
  std::map<Key, std::map<std::uint64_t, Waiter>> rest;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    rest = std::exchange(waiters_, {});
  }
  for (auto& [key, waiters] : rest) {
    for (auto& [number, waiter] : waiters) {
      timers_.cancel(waiter.timer);
      waiter.resume(false);
    }
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
