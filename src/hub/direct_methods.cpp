#include "hub/direct_methods.h"

#include <utility>
#include <vector>

namespace muster::hub {
namespace {

MethodResult result_of(const DirectMethods::Outcome& outcome) {
  if (outcome) return MethodResult::kAnswered;
  return outcome.error() == MethodFault::kOffline ? MethodResult::kOffline : MethodResult::kTimeout;
}

}  // namespace

DirectMethods::~DirectMethods() {
  abandon();
}

void DirectMethods::abandon() {
  std::map<std::string, Pending> rest;
  {
    const std::scoped_lock lock(mutex_);
    rest = std::exchange(pending_, {});
  }
  for (auto& [id, pending] : rest) {
    timers_.cancel(pending.timer);
    pending.complete(std::unexpected(MethodFault::kTimeout));
  }
}

Task<DirectMethods::Outcome> DirectMethods::invoke(HubName hub, std::string device_id, MethodCall call) {
  HubCounters& counters = counters_.of(hub.host);
  auto outcome = co_await Handover<Outcome>([this, &hub, &device_id, &call](auto complete) {
    begin({.hub = hub, .device_id = device_id, .call = std::move(call), .complete = std::move(complete)});
  });
  counters.methods.add(result_of(outcome));
  co_return outcome;
}

void DirectMethods::begin(Pending pending) {
  std::string request_id;
  {
    const std::scoped_lock lock(mutex_);
    request_id = std::to_string(++last_);
    pending_.emplace(request_id, std::move(pending));
  }
  if (!try_to_send(request_id)) wait_for_device(request_id);
}

/// Once: a call that a device got is not repeated when the device comes back. False: the device is away.
bool DirectMethods::try_to_send(const std::string& request_id) {
  Pending copy;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = pending_.find(request_id);
    if (found == pending_.end() || found->second.sent) return true;
    Pending& pending = found->second;
    timers_.cancel(pending.timer);
    pending.sent = true;
    pending.timer = expire(request_id, pending.call.response_timeout, MethodFault::kTimeout);
    copy.hub = pending.hub;
    copy.device_id = pending.device_id;
    copy.call = pending.call;
  }
  return devices_.send(copy.hub, copy.device_id, wire::HubFilter::kMethods,
                       wire::method_topic(copy.call.name, request_id), copy.call.payload);
}

void DirectMethods::wait_for_device(const std::string& request_id) {
  mark_waiting(request_id);
  // It may have come just before it was waited for.
  if (!try_to_send(request_id)) mark_waiting(request_id);
}

void DirectMethods::mark_waiting(const std::string& request_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = pending_.find(request_id);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  timers_.cancel(pending.timer);
  pending.sent = false;
  pending.timer = expire(request_id, pending.call.connect_timeout, MethodFault::kOffline);
}

Timers::Id DirectMethods::expire(const std::string& request_id, std::chrono::milliseconds after, MethodFault fault) {
  return timers_.at(std::chrono::steady_clock::now() + after,
                    [this, request_id, fault] { finish(request_id, std::unexpected(fault)); });
}

void DirectMethods::finish(const std::string& request_id, Outcome outcome) {
  std::map<std::string, Pending>::node_type done;
  {
    const std::scoped_lock lock(mutex_);
    done = pending_.extract(request_id);
  }
  if (done.empty()) return;
  timers_.cancel(done.mapped().timer);
  done.mapped().complete(std::move(outcome));
}

bool DirectMethods::answered(const HubName& hub, const std::string& device_id, const std::string& request_id,
                             MethodAnswer answer) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = pending_.find(request_id);
    if (found == pending_.end()) return false;
    const Pending& pending = found->second;
    // Nobody answers for another device.
    const bool own = pending.hub == hub && pending.device_id == device_id;
    if (!own || !pending.sent) return false;
  }
  finish(request_id, std::move(answer));
  return true;
}

void DirectMethods::ready_for_methods(const HubName& hub, const std::string& device_id) {
  std::vector<std::string> waiting;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, pending] : pending_) {
      const bool own = pending.hub == hub && pending.device_id == device_id;
      if (own && !pending.sent) waiting.push_back(id);
    }
  }
  for (const std::string& id : waiting) {
    if (!try_to_send(id)) wait_for_device(id);
  }
}

}  // namespace muster::hub
