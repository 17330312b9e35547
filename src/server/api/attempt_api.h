#pragma once

#include <vector>

#include "model/geo.h"
#include "provisioning/settings.h"
#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// Explanations for operators, our own addition to the service API (design section 3): the kept attempts of devices,
/// and dry runs. Thread-safe; what it refers to outlives it.
class AttemptApi {
 public:
  /// `geo` may be null.
  AttemptApi(store::Store& store, const provisioning::AttestationSettings& settings, const model::GeoTable* geo)
      : store_(store), settings_(settings), geo_(geo) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> list(const ApiCall& call);
  Task<ApiResult> get(const ApiCall& call);
  Task<ApiResult> dry_run(const ApiCall& call);

  store::Store& store_;
  const provisioning::AttestationSettings& settings_;
  const model::GeoTable* geo_;
};

}  // namespace muster::server
