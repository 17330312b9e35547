#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "hub/direct_methods.h"

namespace muster::hub {

// Direct methods as clients write and read them (hub-api.md 1.6), in a request or in a job.

/// The members of a method call. kInvalidArgument names what is wrong.
Result<MethodCall> read_method_call(const boost::json::object& body);

/// `status` and `payload`; a payload that is no JSON is told as a text, other octets as {"base64": ...}, none as null.
boost::json::object method_answer_to_json(const MethodAnswer& answer);

/// The fault as a text for people.
std::string describe(MethodFault fault, const std::string& device_id);

}  // namespace muster::hub
