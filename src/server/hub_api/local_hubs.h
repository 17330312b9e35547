#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "hub/registry.h"
#include "server/api/instance_directory.h"

namespace muster::server {

/// A hub that is served here, with what is set for its instance.
struct LocalHubEntry {
  hub::HubName name;
  std::shared_ptr<const model::InstanceConfig> config;
};

/// By its host name, without case and without a port; nullopt when no instance serves such a hub. `host`
/// lives until the task ends.
Task<std::optional<LocalHubEntry>> find_local_hub(const InstanceDirectory& instances, store::Store& store,
                                                  std::string_view host);

}  // namespace muster::server
