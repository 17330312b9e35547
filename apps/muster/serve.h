#pragma once

#include "muster/serve_options.h"

namespace muster::cli {

/// Runs the service until it is told to stop (SIGINT, SIGTERM). Returns the exit code of the process.
int serve(const ServeOptions& options);

}  // namespace muster::cli
