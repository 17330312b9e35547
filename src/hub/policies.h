#pragma once

#include <string_view>

#include "model/instance.h"

namespace muster::hub {

/// The policy of a hub that is served here, by its exact name; null when there is none.
const model::HubPolicy* find_policy(const model::InstanceConfig& config, std::string_view hub, std::string_view name);

}  // namespace muster::hub
