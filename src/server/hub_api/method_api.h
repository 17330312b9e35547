#pragma once

#include <vector>

#include "hub/direct_methods.h"
#include "server/hub_api/hub_call.h"

namespace muster::server {

/// Direct methods of a hub's devices (hub-api.md 1.6). Thread-safe; what it refers to outlives it.
class MethodApi {
 public:
  MethodApi(hub::Registry& registry, hub::DirectMethods& methods) : registry_(registry), methods_(methods) {}

  [[nodiscard]] std::vector<HubRoute> routes();

 private:
  Task<HubResult> invoke(const HubCall& call);

  hub::Registry& registry_;
  hub::DirectMethods& methods_;
};

}  // namespace muster::server
