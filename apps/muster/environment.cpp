#include "muster/environment.h"

#include <cstdlib>

namespace muster::cli {

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    // Read before any thread is started.
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

}  // namespace muster::cli
