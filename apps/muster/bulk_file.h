#pragma once

#include <string_view>

#include <boost/json/array.hpp>

#include "base/result.h"
#include "model/enrollment.h"

namespace muster::cli {

/// The entries of a file for a bulk operation: a JSON array of objects, as `list -o json` prints one, a single object,
/// or NDJSON. Each has its id, none twice. kInvalidArgument tells the line or place of what is wrong.
Result<boost::json::array> read_bulk_entries(model::EnrollmentKind kind, std::string_view text);

}  // namespace muster::cli
