#include "server/operations/liveness.h"

#include <utility>

namespace muster::server {

void Liveness::watch(std::string name, Executor& executor) {
  const std::scoped_lock lock(mutex_);
  watched_.push_back({std::move(name), &executor});
}

void Liveness::beat(Time now) {
  const std::scoped_lock lock(mutex_);
  last_beat_ = now;
  if (stopped_) return;
  for (Watched& watched : watched_) {
    if (!watched.taken->exchange(false)) continue;
    watched.given = now;
    watched.executor->post([taken = watched.taken] { taken->store(true); });
  }
}

void Liveness::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
}

std::vector<std::string> Liveness::stuck(Time now) const {
  std::vector<std::string> names;
  const std::scoped_lock lock(mutex_);
  if (stopped_) return names;
  if (now - last_beat_ > patience_) names.emplace_back("main");
  for (const Watched& watched : watched_) {
    if (!*watched.taken && now - watched.given > patience_) names.push_back(watched.name);
  }
  return names;
}

}  // namespace muster::server
