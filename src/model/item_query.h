#pragma once

#include <optional>
#include <string>
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

/// The texts one of which a member must have for the condition to hold, when the condition says so at its top: what is
/// asked for can be looked up then. With case, whatever the member. nullopt: nothing is said.
std::optional<std::vector<std::string>> required_texts(const wire::Condition& condition,
                                                       const wire::MemberPath& member);

/// The item with the selected members only, in the form they have in it, those with an alias under that; what the item
/// lacks is left out.
boost::json::object select_members(const boost::json::object& item, const std::vector<wire::SelectedMember>& members);

}  // namespace muster::model
