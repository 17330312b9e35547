#pragma once

#include <memory>

#include "base/clock.h"
#include "hub/connections.h"
#include "hub/direct_methods.h"
#include "hub/hub_counters.h"
#include "hub/registry.h"
#include "model/hub_job.h"

namespace muster::hub {

/// What running jobs takes; all of it outlives the jobs that run.
struct JobTools {
  store::Store& store;
  const Clock& clock;
  Timers& timers;
  Registry& registry;
  DirectMethods& methods;
  AllHubCounters& counters;
  const Connections* connections = nullptr;  ///< null: devices cannot connect here
};

/// Does what a job does with one of its devices and gives the device's state afterwards: completed or failed, or
/// pending again when the store was too busy. A method that the device answered is completed whatever status the device
/// chose. It is not waited for longer than the job may take.
Task<model::DeviceJob> run_on_device(const JobTools& tools, HubName hub, std::shared_ptr<const model::HubJob> job,
                                     model::DeviceJob device);

}  // namespace muster::hub
