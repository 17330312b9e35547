#pragma once

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "model/etag.h"
#include "server/api/api_call.h"

namespace muster::server {

// What the calls of the management API have in common (service-api.md 8). Subscription, resource group and name of the
// instance are the first three arguments of every route below it.

/// The path of a route below the instance.
std::vector<std::string> below_instance(std::initializer_list<std::string_view> rest);

std::string instance_resource_id(std::string_view subscription, std::string_view group, std::string_view name);
std::string instance_resource_id(const ApiCall& call);

bool names_instance(const ApiCall& call);
std::unexpected<ApiError> no_such_instance();
/// 404 for a part of the instance: "Policy", "Certificate" ...
std::unexpected<ApiError> no_such(std::string_view what);

model::IfMatch if_match(const ApiCall& call);

/// `properties` of the call's body; 400 without.
std::expected<boost::json::object, ApiError> read_properties(const ApiCall& call);

}  // namespace muster::server
