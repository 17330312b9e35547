#pragma once

#include <string>
#include <string_view>

#include "muster/connection.h"
#include "muster/hub_client.h"
#include "muster/program.h"

namespace muster::cli {

/// Where a hub is reached that a service serves itself: under the hub's name, on the service's port.
std::string hub_behind(std::string_view service, std::string_view hub);

/// The service API of a hub. Without a name the connection string is the hub's own; with one it is the service's, which
/// gives the key of the hub's owner, and the hub is looked for where the service is unless the options say otherwise.
/// kInvalidArgument when no connection is named; else as ManagementClient.
Result<HubClient> connect_hub(const Program& program, const ConnectionOptions& options, const std::string& hub);

}  // namespace muster::cli
