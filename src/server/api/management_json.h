#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"
#include "model/instance.h"
#include "server/api/linked_hub_json.h"

namespace muster::server {

/// The resource shapes of Azure's control plane (service-api.md 8).

/// What is known of linked hubs elsewhere, by host name.
using LinkViews = std::map<std::string, LinkView>;

/// `id` is the resource's path; `resource_group` and `subscription` are echoed from it.
boost::json::object instance_to_json(const model::InstanceConfig& config, std::string_view id,
                                     std::string_view subscription, std::string_view resource_group,
                                     const LinkViews& links = {});
boost::json::object policy_to_json(const model::SharedAccessPolicy& policy);
boost::json::object policy_to_json(const model::HubPolicy& policy);
/// A hub that is served here; its etag is that of the configuration it is part of.
boost::json::object served_hub_to_json(std::string_view host_name, std::string_view etag, std::string_view id);
boost::json::object certificate_to_json(const model::CaCertificate& certificate, std::string_view instance_resource_id);

/// `properties` of a PUT on the instance applied to its configuration: iotHubs, allocationPolicy and
/// authorizationPolicies, each kept as it is when absent or null. A policy's absent keys are kept, or generated for a
/// new policy. More than `max_hubs` hubs are kLimitExceeded unless as many are linked already. At least one policy must
/// go on having ServiceConfig, so that nobody locks himself out.
Result<model::InstanceConfig> apply_instance_put(const model::InstanceConfig& current,
                                                 const boost::json::object& properties, std::size_t max_hubs,
                                                 Random& random);

/// The policies of a hub after a PUT on it, in the same way; `properties` without authorizationPolicies change nothing.
Result<std::vector<model::HubPolicy>> apply_hub_put(const std::vector<model::HubPolicy>& current,
                                                    const boost::json::object& properties, Random& random);

}  // namespace muster::server
