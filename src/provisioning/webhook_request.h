#pragma once

#include <vector>

#include <boost/json/object.hpp>

#include "model/registration.h"
#include "provisioning/assignment.h"

namespace muster::provisioning {

/// What a webhook is asked (service-api.md 9): the entry without secrets, the device's runtime context and the hubs
/// that it may choose from. Members that the webhook's api-version does not know are left out.
boost::json::object webhook_request(const AssignmentInput& input, const model::Operation& operation,
                                    const std::vector<const model::LinkedHub*>& candidates);

}  // namespace muster::provisioning
