#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"
#include "hub/job_runner.h"

namespace muster::hub {

/// The jobs of the hubs, as their owners handle them (hub-api.md 7.1). Stateless, thread-safe.
///
/// Errors: kNotFound for an unknown job, kConflict for an id that is taken, kLimitExceeded for one job too many.
class Jobs {
 public:
  struct Settings {
    std::size_t most_open = 100;  ///< jobs of a hub that have not ended, scheduled ones included
  };

  Jobs(store::Store& store, const Clock& clock, JobRunner& runner, Settings settings)
      : store_(store), clock_(clock), runner_(runner), settings_(settings) {}

  Task<Result<model::HubJob>> create(HubName hub, model::HubJob job);
  /// With its devices counted as they are now.
  Task<Result<model::HubJob>> get(HubName hub, std::string job_id);
  /// Asks no further device. A job that has ended stays as it is.
  Task<Result<model::HubJob>> cancel(HubName hub, std::string job_id);
  /// In the order of their ids, with their devices counted.
  Task<Result<store::Page<model::HubJob>>> list(HubName hub, std::string after, std::size_t limit);

 private:
  Task<Result<model::HubJob>> counted(HubName hub, model::HubJob job);

  store::Store& store_;
  const Clock& clock_;
  JobRunner& runner_;
  const Settings settings_;
};

}  // namespace muster::hub
