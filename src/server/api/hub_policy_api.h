#pragma once

#include <vector>

#include "base/random.h"
#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// The hubs that are served here, with their policies (hub-api.md 1.2), as resources below the instance: in the shapes
/// that the instance itself has (service-api.md 8), with the same right. Thread-safe; what it refers to outlives it.
class HubPolicyApi {
 public:
  HubPolicyApi(store::Store& store, Random& random) : store_(store), random_(random) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> list_hubs(const ApiCall& call);
  Task<ApiResult> get_hub(const ApiCall& call);
  Task<ApiResult> put_hub(const ApiCall& call);
  Task<ApiResult> list_keys(const ApiCall& call);

  store::Store& store_;
  Random& random_;
};

}  // namespace muster::server
