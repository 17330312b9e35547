#pragma once

#include <vector>

#include "hub/jobs.h"
#include "server/hub_api/hub_call.h"

namespace muster::server {

/// Jobs of a hub (hub-api.md 7.1). What became of their devices is asked by queries. Thread-safe; the jobs outlive it.
class JobApi {
 public:
  explicit JobApi(hub::Jobs& jobs) : jobs_(jobs) {}

  [[nodiscard]] std::vector<HubRoute> routes();

 private:
  Task<HubResult> list(const HubCall& call);
  Task<HubResult> get(const HubCall& call);
  Task<HubResult> put(const HubCall& call);
  Task<HubResult> cancel(const HubCall& call);

  hub::Jobs& jobs_;
};

}  // namespace muster::server
