#pragma once

#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"
#include "hub/link_health.h"
#include "model/instance.h"

namespace muster::server {

// Linked hubs in the shapes of Azure's control plane (service-api.md 8.3). Hubs that are served here have
// authenticationType "Local" and a name; all others a connection string, whose key is never shown.

/// What operators see of a link to a hub elsewhere.
struct LinkView {
  hub::LinkStatus status = {};
  std::uint64_t left_behind = 0;  ///< devices that are to be removed from the hub
};

/// `view` becomes the member `health`, an addition to what the control plane has.
boost::json::object linked_hub_to_json(const model::LinkedHub& hub, const std::optional<LinkView>& view);

/// A whole list. A connection string as it is shown keeps the key that `current` has. More than `most` hubs are
/// kLimitExceeded; managed identities are kUnsupported; else kInvalidArgument names the member.
Result<std::vector<model::LinkedHub>> read_linked_hubs(const boost::json::array& array,
                                                       const model::InstanceConfig& current, std::size_t most);

}  // namespace muster::server
