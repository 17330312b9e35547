#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/connections.h"
#include "hub/registry.h"
#include "model/hub_job.h"
#include "model/item_query.h"

namespace muster::hub {

/// Which devices a job is for.
struct JobCondition {
  std::optional<model::ItemFilter> filter = {};             ///< of their twins; absent: all
  std::optional<std::vector<std::string>> device_ids = {};  ///< no others can fit, in the order of ids; absent: any can
};

/// Reads a queryCondition (hub-api.md 7.1): "*", or what would stand behind WHERE. kInvalidArgument.
Result<JobCondition> read_job_condition(std::string_view text);

/// Devices that were looked at in one go.
struct JobSelection {
  std::vector<std::string> device_ids;  ///< those that fit
  std::string until;                    ///< where to go on
  bool complete = false;                ///< there were no others
};

/// Looks at the next devices of a hub, at most a few hundred, so that a hub with many is never held in memory.
/// `connections` may be null;
/// `condition` outlives the call.
Task<Result<JobSelection>> select_devices(store::Store& store, const Connections* connections, HubName hub,
                                          const JobCondition& condition, std::string after);

}  // namespace muster::hub
