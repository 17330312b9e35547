#pragma once

#include <vector>

#include "provisioning/settings.h"
#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// Explanations for operators, our own addition to the service API (design section 3): the kept attempts of devices,
/// and dry runs. Thread-safe; what it refers to outlives it.
class AttemptApi {
 public:
  AttemptApi(store::Store& store, const provisioning::AttestationSettings& settings)
      : store_(store), settings_(settings) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> list(const ApiCall& call);
  Task<ApiResult> get(const ApiCall& call);
  Task<ApiResult> dry_run(const ApiCall& call);

  store::Store& store_;
  const provisioning::AttestationSettings& settings_;
};

}  // namespace muster::server
