#pragma once

#include <vector>

#include "provisioning/custom_allocation.h"
#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// The webhooks of custom allocation for operators, our own addition to the service API: how they are doing, what was
/// asked and answered last, and calls on trial (docs/allocation.md). Thread-safe; what it refers to outlives it.
class WebhookApi {
 public:
  WebhookApi(store::Store& store, provisioning::CustomAllocation& custom) : store_(store), custom_(custom) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> list(const ApiCall& call);
  Task<ApiResult> exchanges(const ApiCall& call);
  Task<ApiResult> test(const ApiCall& call);

  store::Store& store_;
  provisioning::CustomAllocation& custom_;
};

}  // namespace muster::server
