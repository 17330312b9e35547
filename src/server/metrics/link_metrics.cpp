#include "server/metrics/link_metrics.h"

#include "server/metrics/samples.h"

namespace muster::server {

std::vector<prometheus::MetricFamily> LinkMetrics::Collect() const {
  Samples up = gauge_samples("muster_linked_hub_up", "Whether a linked hub elsewhere takes calls");
  Samples waiting = gauge_samples("muster_linked_hub_waiting_calls", "Calls that wait for their turn");
  Samples running = gauge_samples("muster_linked_hub_running_calls", "Calls that the hub has not answered yet");
  Samples latency = gauge_samples("muster_linked_hub_latency_seconds", "Time that answers take, smoothed");
  Samples left = gauge_samples("muster_linked_hub_devices_left_behind", "Devices that are to be removed from the hub");
  for (const auto& [key, status] : hubs_.all()) {
    const MetricLabels labels{{"provisioning_service_id", key.first}, {"iot_hub_name", key.second}};
    const bool fails = status.state == hub::LinkState::kUnreachable || status.state == hub::LinkState::kUnauthorized;
    up.add(fails ? 0 : 1, labels);
    waiting.add(static_cast<double>(status.waiting), labels);
    running.add(static_cast<double>(status.running), labels);
    if (status.latency) latency.add(std::chrono::duration<double>(*status.latency).count(), labels);
  }
  for (const auto& [key, count] : leftovers_.counts()) {
    left.add(static_cast<double>(count), {{"provisioning_service_id", key.first}, {"iot_hub_name", key.second}});
  }
  return {up.take(), waiting.take(), running.take(), latency.take(), left.take()};
}

}  // namespace muster::server
