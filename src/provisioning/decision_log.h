#pragma once

#include "model/registration.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"

namespace muster::provisioning {

/// Writes one line about an attestation: who asked, over what, how it was decided and every check, by tracking id.
void log_decision(const DeviceRequest& request, const Decision& decision);

/// Writes one line about the end of an operation.
void log_result(const model::InstanceId& instance, const model::Operation& operation, const model::Registration& record,
                const std::vector<Check>& checks);

}  // namespace muster::provisioning
