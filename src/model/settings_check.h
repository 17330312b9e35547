#pragma once

#include "base/result.h"
#include "model/enrollment.h"

namespace muster::model {

/// What an enrollment's settings may be beyond their types (service-api.md 3.2): deviceId, host names, webhook, twin.
/// kInvalidArgument naming the member. Attestation and id are not looked at.
Result<void> check_settings(const Enrollment& enrollment);

}  // namespace muster::model
