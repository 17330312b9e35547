#pragma once

#include <vector>

#include "base/task.h"
#include "model/attempt.h"
#include "provisioning/cause.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// A cause with what was seen of it.
inline model::Finding finding(Cause cause, std::string facts = {}) {
  return {std::string(to_string(cause)), std::move(facts)};
}

/// Why this device did not get through, as exactly as can be told: the cause first, then near misses that may explain
/// it (the right key used wrongly, an id with a slip, a missing intermediate...). Empty for an accepted device.
///
/// Looks further than the decision had to, so it costs more than a refusal: its effort is bounded, and what the store
/// cannot tell is left out.
Task<std::vector<model::Finding>> diagnose(const DeviceRequest& request, const Decision& decision,
                                           const AttestationSettings& settings, store::Store& store);

/// Near misses of the id, whatever the evidence: an enrollment with almost this id, an entry that is gone.
Task<std::vector<model::Finding>> id_hints(const DeviceRequest& request, store::Store& store);

}  // namespace muster::provisioning
