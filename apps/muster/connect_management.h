#pragma once

#include "muster/command.h"
#include "muster/management_client.h"

namespace muster::cli {

/// The management API of the connection that the options or the environment name.
inline Result<ManagementClient> connect_management(const Program& program, const ConnectionOptions& options) {
  auto connection = find_connection_string(options, program.environment);
  if (!connection) return std::unexpected(connection.error());
  return ManagementClient(*std::move(connection), program.make_send(http_options(options, program.environment)),
                          program.clock);
}

}  // namespace muster::cli
