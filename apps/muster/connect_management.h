#pragma once

#include <string_view>

#include "muster/command.h"
#include "muster/management_client.h"

namespace muster::cli {

/// The management API of the connection that the options or the environment name; of a hub's resource when a hub is
/// named.
inline Result<ManagementClient> connect_management(const Program& program, const ConnectionOptions& options,
                                                   std::string_view hub = {}) {
  auto access = find_service(options, program.environment);
  if (!access) return std::unexpected(access.error());
  ManagementClient service(std::move(access->connection), program.make_send(access->http), program.clock);
  return hub.empty() ? std::move(service) : service.of_hub(hub);
}

}  // namespace muster::cli
