#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>

#include "server/net/server_counters.h"

namespace muster::server {

/// Connections and handshakes of each listener. Thread-safe.
class ListenerMetrics final : public prometheus::Collectable {
 public:
  /// `name` is where it listens, "0.0.0.0:443". The counters outlive the last collection.
  void watch(std::string name, const ServerCounters& counters);
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable std::mutex mutex_;  // protects listeners_
  std::vector<std::pair<std::string, const ServerCounters*>> listeners_;
};

}  // namespace muster::server
