#pragma once

#include <vector>

#include "provisioning/revocation.h"
#include "server/api/api_call.h"

namespace muster::server {

/// Cutting devices off after a breach, at the service and at their hubs, and letting them in again: our own routes
/// below the entries of the service API. Thread-safe; the revocation outlives it.
class RevocationApi {
 public:
  explicit RevocationApi(provisioning::Revocation& revocation) : revocation_(revocation) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  /// {"reason": text}, optional; a group's devices page by page as in queries. 200 with the entry's state and what
  /// became of each device.
  Task<ApiResult> apply(const ApiCall& call, model::EnrollmentKind kind, bool revoke);

  provisioning::Revocation& revocation_;
};

}  // namespace muster::server
