#pragma once

#include <utility>

#include "muster/connection.h"
#include "muster/program.h"
#include "muster/signed_client.h"

namespace muster::cli {

/// A client of the service API for what Muster adds to it.
inline Result<SignedClient> connect_signed(const Program& program, const ConnectionOptions& options) {
  auto access = find_service(options, program.environment);
  if (!access) return std::unexpected(access.error());
  return SignedClient(std::move(access->connection), "2021-10-01", program.make_send(access->http), program.clock);
}

}  // namespace muster::cli
