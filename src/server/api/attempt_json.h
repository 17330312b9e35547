#pragma once

#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "model/attempt.h"

namespace muster::server {

/// An attempt as operators see it: what is kept, and for each finding what it means and what to do about it
/// (provisioning/cause.h).
boost::json::object to_json(const model::Attempt& attempt);
/// Its checks alone.
boost::json::array to_json(const std::vector<model::Check>& checks);

}  // namespace muster::server
