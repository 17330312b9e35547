#pragma once

#include "model/enrollment.h"
#include "muster/command.h"

namespace muster::cli {

/// Adds revoke and restore to a noun: `enrollment` (kIndividual) or `group` (kGroup).
void add_access_verbs(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);

}  // namespace muster::cli
