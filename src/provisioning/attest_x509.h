#pragma once

#include "base/result.h"
#include "base/task.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// Judges a device that came with a client certificate (semantics.md sections 3 and 4): the common name, then the
/// individual enrollment of that id, or else the group whose certificate is the issuer nearest to the leaf; then the
/// path to a verified CA. `request` outlives the task; its evidence is a CertificateEvidence.
/// An Error means that the store could not answer; nothing has been decided then.
Task<Result<Decision>> attest_x509(const DeviceRequest& request, store::Store& store,
                                   const AttestationSettings& settings);

}  // namespace muster::provisioning
