#pragma once

#include "model/enrollment.h"
#include "muster/command.h"

namespace muster::cli {

/// Adds the noun `registration`, what is kept of devices' last registrations, below `enrollment` or `group`: show and
/// delete, and for a group also list.
void add_registration_noun(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);

}  // namespace muster::cli
