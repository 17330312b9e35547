#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace muster::cli {

/// One attempt in full: what the device saw, why, what to do, every check.
std::string format_attempt(const boost::json::object& attempt);

/// Attempts as a table, one line each.
std::string format_attempts(const boost::json::array& attempts);

}  // namespace muster::cli
