#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace muster::cli {

/// One attempt in full: what the device saw, why, what to do, every check.
std::string format_attempt(const boost::json::object& attempt);

/// A call of a webhook on trial without its bodies: what came of it, every check.
std::string format_webhook_trial(const boost::json::object& trial);

/// Attempts as a table, one line each.
std::string format_attempts(const boost::json::array& attempts);

}  // namespace muster::cli
