#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "server/hub_api/hub_call.h"

namespace muster::server {

/// Proves the caller of a hub's service API by its shared access signature (hub-api.md 1.2): the token's resource
/// covers the request, it has not ended, a key of a policy of the hub signed it, and the policy has one of the rights.
/// Returns the policy's name. Every refusal is 401 with one text; what was wrong is in the detail for the log.
std::expected<std::string, HubError> authorize_hub_call(const HubCall& call, const std::vector<model::HubRight>& rights,
                                                        std::chrono::seconds clock_tolerance);

}  // namespace muster::server
