#pragma once

#include "base/result.h"
#include "model/enrollment.h"
#include "model/instance.h"

namespace muster::server {

/// Hubs that an entry names must be linked (service-api.md 3.1). One that was unlinked since `current` (null: a new
/// entry) was written may stay, or nobody could change the entry any more. kInvalidArgument names the hub.
Result<void> check_hubs_linked(const model::Enrollment& next, const model::Enrollment* current,
                               const model::InstanceConfig& config);

}  // namespace muster::server
