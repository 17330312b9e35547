#pragma once

#include "base/task.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// Judges a device by the evidence it gave: a token, a certificate, or nothing. An error means that the store could not
/// do its part.
Task<Result<Decision>> attest(const DeviceRequest& request, store::Store& store, const AttestationSettings& settings);

}  // namespace muster::provisioning
