#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "hub/registry.h"

namespace muster::server {

/// What one item of a bulk call asks for (hub-api.md 1.4).
struct HubBulkItem {
  enum class Mode { kCreate, kUpdate, kDelete, kUpdateTwin };
  Mode mode = Mode::kCreate;
  hub::IdentityPut identity;
  model::IfMatch match = model::IfMatch::absent();
  boost::json::object twin = {};  ///< tags and properties.desired, as far as they were given
};

/// Reads a call's body: an array of at most 100 items, each id once. kInvalidArgument refuses all of them.
Result<std::vector<HubBulkItem>> read_hub_bulk(std::string_view body, Random& random);

/// Does them one after the other; the failure of one leaves the others alone. The result as clients read it:
/// isSuccessful, errors, warnings.
Task<boost::json::object> run_hub_bulk(hub::Registry& registry, hub::HubName hub, std::vector<HubBulkItem> items);

}  // namespace muster::server
