#include "provisioning/device_queue.h"

#include <algorithm>
#include <utility>

namespace muster::provisioning {

void DeviceQueue::add(std::string device, std::string name, Begin begin) {
  ++in_flight_;
  executor_.post([this, device = std::move(device), work = Work{std::move(name), std::move(begin)}]() mutable {
    auto& queue = waiting_[device];
    if (std::ranges::any_of(queue, [&](const Work& known) { return known.name == work.name; })) {
      finished();
      return;
    }
    queue.push_back(std::move(work));
    if (queue.size() == 1) run_next(device);
  });
}

void DeviceQueue::run_next(const std::string& device) {
  // The entry stays at the front while it runs, so that it is known to add().
  start(waiting_.at(device).front().begin(), [this, device](bool) {
    auto& queue = waiting_.at(device);
    queue.erase(queue.begin());
    if (queue.empty()) {
      waiting_.erase(device);
    } else {
      executor_.post([this, device] { run_next(device); });
    }
    finished();
  });
}

void DeviceQueue::finished() {
  const std::scoped_lock lock(idle_mutex_);
  if (--in_flight_ == 0) idle_.notify_all();
}

void DeviceQueue::wait_until_idle() {
  std::unique_lock lock(idle_mutex_);
  idle_.wait(lock, [this] { return in_flight_ == 0; });
}

}  // namespace muster::provisioning
