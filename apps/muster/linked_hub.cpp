#include "muster/linked_hub.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {
namespace {

bool is_named(const boost::json::value& hub, std::string_view host_name) {
  const auto* object = hub.if_object();
  const auto* name = object == nullptr ? nullptr : object->if_contains("name");
  return name != nullptr && name->is_string() && equals_nocase(name->get_string(), host_name);
}

/// Sets what is given.
void apply(const LocalHubOptions& options, boost::json::object& hub) {
  if (options.allocation_weight) hub["allocationWeight"] = *options.allocation_weight;
  if (options.apply_allocation_policy) hub["applyAllocationPolicy"] = *options.apply_allocation_policy;
  if (options.location) hub["location"] = *options.location;
}

std::unexpected<Error> not_linked(std::string_view host_name) {
  return fail(ErrorCode::kNotFound, fmt::format("No hub '{}' is linked.", host_name));
}

boost::json::object hub_to_json(const LocalHubOptions& hub) {
  boost::json::object out{{"name", hub.host_name},
                          {"authenticationType", "Local"},
                          {"allocationWeight", 1},
                          {"applyAllocationPolicy", true}};
  apply(hub, out);
  return out;
}

boost::json::object with_hubs(boost::json::object resource, boost::json::array hubs) {
  auto& properties = resource["properties"];
  if (!properties.is_object()) properties = boost::json::object();
  properties.get_object()["iotHubs"] = std::move(hubs);
  return resource;
}

}  // namespace

boost::json::array linked_hubs(const boost::json::object& resource) {
  const auto* properties = resource.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return {};
  const auto* hubs = properties->get_object().if_contains("iotHubs");
  return hubs != nullptr && hubs->is_array() ? hubs->get_array() : boost::json::array();
}

Result<boost::json::object> find_linked_hub(const boost::json::object& resource, std::string_view host_name) {
  for (const auto& hub : linked_hubs(resource)) {
    if (is_named(hub, host_name)) return hub.get_object();
  }
  return not_linked(host_name);
}

Result<boost::json::object> with_linked_hub(boost::json::object resource, const LocalHubOptions& hub) {
  if (find_linked_hub(resource, hub.host_name)) {
    return fail(ErrorCode::kConflict, fmt::format("Hub '{}' is linked already.", hub.host_name));
  }
  boost::json::array hubs = linked_hubs(resource);
  hubs.emplace_back(hub_to_json(hub));
  return with_hubs(std::move(resource), std::move(hubs));
}

Result<boost::json::object> with_changed_hub(boost::json::object resource, const LocalHubOptions& hub) {
  boost::json::array hubs = linked_hubs(resource);
  auto* const found = std::ranges::find_if(hubs, [&](const auto& each) { return is_named(each, hub.host_name); });
  if (found == hubs.end()) return not_linked(hub.host_name);
  apply(hub, found->get_object());
  return with_hubs(std::move(resource), std::move(hubs));
}

Result<boost::json::object> without_linked_hub(boost::json::object resource, std::string_view host_name) {
  boost::json::array hubs = linked_hubs(resource);
  auto* const found = std::ranges::find_if(hubs, [&](const auto& hub) { return is_named(hub, host_name); });
  if (found == hubs.end()) return not_linked(host_name);
  hubs.erase(found);
  return with_hubs(std::move(resource), std::move(hubs));
}

}  // namespace muster::cli
