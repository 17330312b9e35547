#include "hub/hub_counters.h"

namespace muster::hub {

HubCounters& AllHubCounters::of(const std::string& hub) {
  const std::scoped_lock lock(mutex_);
  auto& counters = hubs_[hub];
  if (!counters) counters = std::make_unique<HubCounters>();
  return *counters;
}

std::vector<std::pair<std::string, const HubCounters*>> AllHubCounters::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<std::string, const HubCounters*>> out;
  out.reserve(hubs_.size());
  for (const auto& [hub, counters] : hubs_) out.emplace_back(hub, counters.get());
  return out;
}

}  // namespace muster::hub
