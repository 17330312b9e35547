#pragma once

#include <functional>
#include <optional>
#include <string>

namespace muster::cli {

/// Looks an environment variable up; passed in, so that precedence is tested without touching the process.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment. A variable that is set but empty counts as not set.
Environment process_environment();

}  // namespace muster::cli
