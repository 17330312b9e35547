#pragma once

#include <vector>

#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// Registration records of the service API (service-api.md 5). Thread-safe; the store outlives it.
class RegistrationApi {
 public:
  explicit RegistrationApi(store::Store& store) : store_(store) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> get(const ApiCall& call);
  Task<ApiResult> remove(const ApiCall& call);
  Task<ApiResult> query_group(const ApiCall& call);

  store::Store& store_;
};

}  // namespace muster::server
