#include "muster/commands.h"
#include "muster/entry_commands.h"

namespace muster::cli {

void add_enrollment_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "enrollment", "Individual enrollments: one device each");
  add_entry_verbs(*noun, model::EnrollmentKind::kIndividual, selection);
}

}  // namespace muster::cli
