#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "model/enrollment.h"

namespace muster::cli {

enum class KeyVisibility { kHidden, kShown };

/// Writes in place of symmetric keys how they are shown.
void hide_key_members(boost::json::object& keys);

/// An enrollment or group for people, line by line.
std::string format_entry(const boost::json::value& entry, KeyVisibility keys);

/// Enrollments or groups for people, one in each line.
std::string format_entries(model::EnrollmentKind kind, const boost::json::array& entries);

}  // namespace muster::cli
