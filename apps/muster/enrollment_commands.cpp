#include "muster/commands.h"
#include "muster/entry_commands.h"
#include "muster/registration_commands.h"
#include "muster/transfer_commands.h"

namespace muster::cli {

void add_enrollment_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "enrollment", "Individual enrollments: one device each");
  add_entry_verbs(*noun, model::EnrollmentKind::kIndividual, selection);
  add_import_verb(*noun, model::EnrollmentKind::kIndividual, selection);
  add_export_verb(*noun, model::EnrollmentKind::kIndividual, selection);
  add_bulk_verb(*noun, model::EnrollmentKind::kIndividual, selection);
  add_registration_noun(*noun, model::EnrollmentKind::kIndividual, selection);
}

}  // namespace muster::cli
