#pragma once

#include "muster/command.h"
#include "muster/management_client.h"

namespace muster::cli {

/// The management API of the connection that the options or the environment name.
inline Result<ManagementClient> connect_management(const Program& program, const ConnectionOptions& options) {
  auto access = find_service(options, program.environment);
  if (!access) return std::unexpected(access.error());
  return ManagementClient(std::move(access->connection), program.make_send(access->http), program.clock);
}

}  // namespace muster::cli
