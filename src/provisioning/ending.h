#pragma once

#include <string>

#include "model/attempt.h"
#include "model/enrollment.h"
#include "model/registration.h"
#include "provisioning/assignment.h"
#include "provisioning/decision_log.h"

namespace muster::provisioning {

/// What a registration comes to: the device's record, and the attempt for its operator.
struct Ending {
  model::Registration record = {};
  model::Attempt attempt = {};
  std::optional<store::HubDeviceChange> device = {};  ///< as in AssignmentResult, as the next two
  std::optional<store::HubDeviceRemoval> removal = {};
  std::optional<store::HubLeftover> leftover = {};
  LogTexts log = {};  ///< of the attempt, when it goes to be written
};

void end_failed(Ending& ending, Cause cause, int code, std::string message);
void end_disabled(Ending& ending, const model::Enrollment& enrollment);
/// Assigned, or failed as the result says.
void end_with(Ending& ending, AssignmentResult result);

}  // namespace muster::provisioning
