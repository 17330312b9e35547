#pragma once

#include <memory>
#include <vector>

#include "hub/connections.h"
#include "hub/registry.h"
#include "server/hub_api/hub_call.h"
#include "server/hub_api/hub_query.h"

namespace muster::server {

/// Identities, twins, statistics and queries of a hub's devices (hub-api.md 1.3 to 1.7). Thread-safe; what it refers to
/// outlives it.
class RegistryApi {
 public:
  struct Parts {
    store::Store& store;
    hub::Registry& registry;
    Random& random;
    const hub::Connections* connections = nullptr;  ///< null: devices cannot connect here
  };

  explicit RegistryApi(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::vector<HubRoute> routes();

 private:
  Task<HubResult> get(const HubCall& call);
  Task<HubResult> list(const HubCall& call);
  Task<HubResult> put(const HubCall& call);
  Task<HubResult> remove(const HubCall& call);
  Task<HubResult> bulk(const HubCall& call);
  Task<HubResult> count(const HubCall& call);
  Task<HubResult> count_connected(const HubCall& call);
  Task<HubResult> get_twin(const HubCall& call);
  Task<HubResult> write_twin(const HubCall& call, hub::Registry::TwinWrite how);
  Task<HubResult> query(const HubCall& call);

  /// What the query is FROM; `call` outlives it.
  [[nodiscard]] Result<std::unique_ptr<QuerySource>> source_of(const HubCall& call, const wire::Query& query) const;
  [[nodiscard]] hub::ConnectionState connection(const HubCall& call, const std::string& device_id) const;
  [[nodiscard]] HttpResponse identity(const HubCall& call, const model::HubDevice& device) const;
  [[nodiscard]] HttpResponse twin(const HubCall& call, const model::HubDevice& device) const;

  Parts parts_;
};

}  // namespace muster::server
