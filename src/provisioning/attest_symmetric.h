#pragma once

#include "base/result.h"
#include "base/task.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// Judges a device that came with a shared access signature (device-api.md 4, R-030, R-035, R-130..R-134): the token's
/// form, resource and life first, then the individual enrollment of the registration id (whose TPM attest_tpm()
/// judges), or else the group whose master key derives the signing key. `request` outlives the task; its evidence is a
/// SasEvidence.
/// An Error means that the store could not answer; nothing has been decided then.
Task<Result<Decision>> attest_symmetric(const DeviceRequest& request, store::Store& store,
                                        const AttestationSettings& settings);

/// The keys of one device of a symmetric-key group, from both masters (device-api.md 4.3, R-026).
model::SasCredential device_keys(const model::SymmetricKeyAttestation& masters, std::string_view registration_id);

}  // namespace muster::provisioning
