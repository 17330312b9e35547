#include "server/hub_api/local_hubs.h"

#include <utility>

namespace muster::server {

Task<std::optional<LocalHubEntry>> find_local_hub(const InstanceDirectory& instances, store::Store& store,
                                                  std::string_view host) {
  for (const model::Instance& instance : instances.all()) {
    auto config = co_await store.config(instance.id);
    if (!config) continue;
    const model::LinkedHub* hub = (*config)->find_hub(host);
    if (hub == nullptr || hub->kind != model::HubKind::kLocal) continue;
    co_return LocalHubEntry{{instance.id, model::id_key(hub->host_name)}, *std::move(config)};
  }
  co_return std::nullopt;
}

}  // namespace muster::server
