#pragma once

#include <boost/json/array.hpp>

#include "model/member_reader.h"
#include "wire/hub_topic.h"

namespace muster::model {

/// The properties of a message as they are kept in the store: pairs of name and value, null for a name without one.
boost::json::array to_json(const wire::PropertyBag& properties, const boost::json::storage_ptr& storage = {});
/// The same from the member "properties"; what is no such pair is reported.
wire::PropertyBag read_properties(const MemberReader& reader);

}  // namespace muster::model
