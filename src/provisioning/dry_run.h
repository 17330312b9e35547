#pragma once

#include "base/task.h"
#include "model/attempt.h"
#include "model/geo.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// What would happen if a device registered now with this evidence: every check, the causes of a refusal, and the hub
/// it would get. Changes nothing anywhere. Possession of a certificate's key is taken for granted, because only a
/// handshake shows it. With no evidence: which enrollment stands for the id, and what it demands.
///
/// The registration id may be empty: then it is the certificate's common name, or what the token is made for.
Task<Result<model::Attempt>> dry_run(DeviceRequest request, const AttestationSettings& settings, store::Store& store,
                                     const model::GeoTable* geo = nullptr);

}  // namespace muster::provisioning
