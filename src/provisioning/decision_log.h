#pragma once

#include "model/attempt.h"
#include "model/registration.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"

namespace muster::provisioning {

/// Writes one line about a device that proved itself, for debugging: the line about the end of its registration holds
/// the same checks and more.
void log_proof(const DeviceRequest& request, const Decision& decision);
/// Writes one line about a device that was refused, with the causes.
void log_refusal(const DeviceRequest& request, const Decision& decision, const std::vector<model::Finding>& findings);

/// Writes one line about the end of an operation.
void log_result(const model::InstanceId& instance, const model::Operation& operation, const model::Registration& record,
                const model::Attempt& attempt);

}  // namespace muster::provisioning
