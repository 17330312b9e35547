#include "server/api/linked_hubs_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::server {
namespace {

using model::Enrollment;

std::vector<std::string_view> hubs_of(const Enrollment& enrollment) {
  std::vector<std::string_view> out;
  if (enrollment.iot_hubs) out.assign(enrollment.iot_hubs->begin(), enrollment.iot_hubs->end());
  if (!enrollment.iot_hub_host_name.empty()) out.push_back(enrollment.iot_hub_host_name);
  return out;
}

}  // namespace

Result<void> check_hubs_linked(const Enrollment& next, const Enrollment* current, const model::InstanceConfig& config) {
  const auto known = current != nullptr ? hubs_of(*current) : std::vector<std::string_view>();
  for (const std::string_view name : hubs_of(next)) {
    const bool kept = std::ranges::any_of(known, [&](std::string_view k) { return equals_nocase(k, name); });
    if (!kept && config.find_hub(name) == nullptr) {
      return invalid(fmt::format("iotHubs: {} is not linked to this provisioning service.", name));
    }
  }
  return {};
}

}  // namespace muster::server
