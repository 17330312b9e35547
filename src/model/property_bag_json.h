#pragma once

#include <string>

#include "model/member_reader.h"
#include "wire/hub_topic.h"

namespace muster::model {

/// The properties of a message as they are kept in the store: pairs of name and value, null for a name without one.
void append_json(std::string& out, const wire::PropertyBag& properties);
/// The same from the member "properties"; what is no such pair is reported.
wire::PropertyBag read_properties(const MemberReader& reader);

}  // namespace muster::model
