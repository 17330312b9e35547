#pragma once

#include <vector>

#include <boost/json/object.hpp>

#include "wire/query.h"

namespace muster::model {

/// A WHERE condition ready to be asked of items of the service API, as they go over the wire (service-api.md 6).
///
/// Ids and enumerated members (registrationId, enrollmentGroupId, provisioningStatus, allocationPolicy,
/// attestation.type) are compared without case, record times as times, everything else exactly. A member that an item
/// lacks is null. Values of different types are unequal and neither is less; objects and arrays equal nothing.
/// Immutable, thread-safe.
class ItemFilter {
 public:
  explicit ItemFilter(wire::Condition condition);

  [[nodiscard]] bool matches(const boost::json::object& item) const;

 private:
  wire::Condition condition_;  ///< its texts folded as those of items are
};

/// The item with the selected members only, in the form they have in it; those that it lacks are left out.
boost::json::object select_members(const boost::json::object& item, const std::vector<wire::MemberPath>& members);

}  // namespace muster::model
