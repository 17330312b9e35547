#include "hub/policies.h"

#include <algorithm>

namespace muster::hub {

const model::HubPolicy* find_policy(const model::InstanceConfig& config, std::string_view hub, std::string_view name) {
  const auto policies = config.hub_policies.find(model::id_key(hub));
  if (policies == config.hub_policies.end()) return nullptr;
  const auto found = std::ranges::find(policies->second, name, &model::HubPolicy::name);
  return found == policies->second.end() ? nullptr : &*found;
}

}  // namespace muster::hub
