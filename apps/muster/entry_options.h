#pragma once

#include <CLI/CLI.hpp>

#include "muster/enrollment_body.h"

namespace muster::cli {

/// The options that describe an enrollment or a group, named as those of `az iot dps` (service-api.md 8.7).
/// `options` outlives the parsing.
void add_entry_options(CLI::App& verb, model::EnrollmentKind kind, EnrollmentOptions& options);

}  // namespace muster::cli
