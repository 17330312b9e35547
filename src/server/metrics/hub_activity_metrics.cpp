#include "server/metrics/hub_activity_metrics.h"

#include <array>
#include <string>

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

using model::DeviceJobStatus;
using model::JobStatus;

constexpr std::array kOpen{JobStatus::kScheduled, JobStatus::kQueued, JobStatus::kRunning};
constexpr std::array kEnded{JobStatus::kCompleted, JobStatus::kFailed, JobStatus::kCancelled};
constexpr std::array kDone{DeviceJobStatus::kCompleted, DeviceJobStatus::kFailed, DeviceJobStatus::kCanceled};

/// A sample for each of these values.
template <const auto& kNames, class Values>
void add(Samples& out, const std::string& hub, const char* label, const hub::Tally<kNames>& tally,
         const Values& values) {
  for (const auto value : values) {
    const std::string name(model::name_of(kNames, value));
    out.add(static_cast<double>(tally.of(value)), {{"iot_hub_name", hub}, {label, name}});
  }
}

/// A sample for each value there is.
template <const auto& kNames>
void add_all(Samples& out, const std::string& hub, const hub::Tally<kNames>& tally) {
  for (const auto& [value, name] : kNames) add(out, hub, "result", tally, std::array{value});
}

}  // namespace

std::vector<prometheus::MetricFamily> HubActivityMetrics::Collect() const {
  Samples open = gauge_samples("muster_hub_connections_open", "Connections of devices to the hub now");
  Samples connects = counter_samples("muster_hub_connects_total", "Devices that connected, by what they were told");
  Samples take_overs =
      counter_samples("muster_hub_take_overs_total", "Devices that connected while they were connected");
  Samples messages = counter_samples("muster_hub_messages_total", "Messages that devices sent");
  Samples methods = counter_samples("muster_hub_methods_total", "Direct methods by what came of them");
  Samples jobs = gauge_samples("muster_hub_jobs", "Jobs that have not ended");
  Samples ended = counter_samples("muster_hub_jobs_ended_total", "Jobs by how they ended");
  Samples devices = counter_samples("muster_hub_job_devices_total", "Devices that jobs are done with");
  for (const auto& [hub, counters] : counters_.all()) {
    add_all(connects, hub, counters->connects);
    if (hub.empty()) continue;  // nothing else is of no hub
    const MetricLabels of_hub{{"iot_hub_name", hub}};
    open.add(static_cast<double>(counters->connections.load(std::memory_order_relaxed)), of_hub);
    messages.add(static_cast<double>(counters->messages.load(std::memory_order_relaxed)), of_hub);
    add_all(take_overs, hub, counters->take_overs);
    add_all(methods, hub, counters->methods);
    add(jobs, hub, "status", counters->jobs, kOpen);
    add(ended, hub, "status", counters->ended_jobs, kEnded);
    add(devices, hub, "result", counters->job_devices, kDone);
  }
  return {open.take(),    connects.take(), take_overs.take(), messages.take(),
          methods.take(), jobs.take(),     ended.take(),      devices.take()};
}

}  // namespace muster::server
