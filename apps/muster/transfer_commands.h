#pragma once

#include "model/enrollment.h"
#include "muster/command.h"

namespace muster::cli {

// Verbs of both nouns: `enrollment` (kIndividual) and `group` (kGroup).
void add_import_verb(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);
void add_export_verb(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);
void add_bulk_verb(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);

}  // namespace muster::cli
