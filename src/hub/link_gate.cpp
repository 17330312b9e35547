#include "hub/link_gate.h"

#include <utility>
#include <vector>

namespace muster::hub {

Task<bool> LinkGate::enter(Turn turn) {
  co_return co_await Handover<bool>([this, turn](auto complete) { wait(turn, std::move(complete)); });
}

Task<bool> LinkGate::pause(std::chrono::steady_clock::duration time) {
  co_return co_await Handover<bool>([this, time](auto complete) { sleep(time, std::move(complete)); });
}

void LinkGate::wait(Turn turn, Complete complete) {
  bool open = true;
  {
    const std::scoped_lock lock(mutex_);
    open = !closed_;
    if (open && free_ == 0) {
      (turn == Turn::kNext ? next_ : in_order_).push_back(std::move(complete));
      return;
    }
    if (open) --free_;
  }
  complete(open);
}

void LinkGate::leave() {
  Complete complete;
  {
    const std::scoped_lock lock(mutex_);
    auto& queue = next_.empty() ? in_order_ : next_;
    if (queue.empty()) {
      ++free_;
      return;
    }
    complete = std::move(queue.front());
    queue.pop_front();
  }
  complete(true);
}

void LinkGate::sleep(std::chrono::steady_clock::duration time, Complete complete) {
  {
    const std::scoped_lock lock(mutex_);
    if (!closed_) {
      const std::uint64_t number = ++last_;
      const auto timer = timers_.at(std::chrono::steady_clock::now() + time, [this, number] { wake(number); });
      sleeping_.emplace(number, std::pair(timer, std::move(complete)));
      return;
    }
  }
  complete(false);
}

void LinkGate::wake(std::uint64_t number) {
  Complete complete;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = sleeping_.find(number);
    if (found == sleeping_.end()) return;
    complete = std::move(found->second.second);
    sleeping_.erase(found);
  }
  complete(true);
}

void LinkGate::close() {
  std::vector<Complete> told;
  std::vector<Timers::Id> timers;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (auto* queue : {&next_, &in_order_}) {
      for (auto& each : *queue) told.push_back(std::move(each));
      queue->clear();
    }
    for (auto& [number, sleeper] : sleeping_) {
      timers.push_back(sleeper.first);
      told.push_back(std::move(sleeper.second));
    }
    sleeping_.clear();
  }
  for (const auto& timer : timers) timers_.cancel(timer);
  for (auto& complete : told) complete(false);
}

std::size_t LinkGate::waiting() const {
  const std::scoped_lock lock(mutex_);
  return next_.size() + in_order_.size();
}

}  // namespace muster::hub
