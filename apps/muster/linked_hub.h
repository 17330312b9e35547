#pragma once

#include <optional>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"

namespace muster::cli {

/// A hub that the service serves itself, to be linked or changed (service-api.md 8.3; "Local" is Muster's addition).
struct LocalHubOptions {
  std::string host_name = {};
  std::optional<int> allocation_weight = {};         ///< 1..1000 (R-085)
  std::optional<bool> apply_allocation_policy = {};  ///< default true (R-083)
  std::optional<std::string> location = {};
};

/// The linked hubs of a service resource; empty when it lists none.
boost::json::array linked_hubs(const boost::json::object& resource);

/// One linked hub by its host name, without regard to case. kNotFound.
Result<boost::json::object> find_linked_hub(const boost::json::object& resource, std::string_view host_name);

/// The resource with one hub more. kConflict when a hub of this name is linked.
Result<boost::json::object> with_linked_hub(boost::json::object resource, const LocalHubOptions& hub);

/// The resource with what the options give set in the hub that they name; all else stays. kNotFound.
Result<boost::json::object> with_changed_hub(boost::json::object resource, const LocalHubOptions& hub);

/// The resource without the hub. kNotFound.
Result<boost::json::object> without_linked_hub(boost::json::object resource, std::string_view host_name);

}  // namespace muster::cli
