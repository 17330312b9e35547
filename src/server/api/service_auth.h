#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "server/api/api_call.h"

namespace muster::server {

/// Proves the caller of a service or management route by its shared access signature (service-api.md 1.2, 1.3): the
/// token's form, its resource (a prefix of the request, segment by segment), its life, a policy key's signature, and
/// the policy's rights. Returns the policy's name. Every refusal is 401 with code 401002 and one text; what was wrong
/// is in the detail for the log.
std::expected<std::string, ApiError> authorize(const ApiCall& call, model::Right right,
                                               std::chrono::seconds clock_tolerance);

}  // namespace muster::server
