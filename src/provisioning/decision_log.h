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

/// What the log tells of an attempt, each in one line.
struct LogTexts {
  std::string causes;  ///< empty when all is well
  std::string checks;
};

LogTexts log_texts_of(const model::Attempt& attempt);

/// Writes one line about the end of an operation.
void log_result(const model::InstanceId& instance, const model::Operation& operation, const model::Registration& record,
                LogTexts texts);

}  // namespace muster::provisioning
