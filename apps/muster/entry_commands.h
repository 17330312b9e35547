#pragma once

#include <string>

#include "model/enrollment.h"
#include "muster/command.h"
#include "muster/service_client.h"

namespace muster::cli {

/// Adds create, list, show, update and delete to a noun: `enrollment` (kIndividual) or `group` (kGroup). Both have the
/// same verbs and, but for a few, the same options.
void add_entry_verbs(CLI::App& noun, model::EnrollmentKind kind, Selection& selection);

/// "--enrollment-id,--eid"; for a group also "--group-id,--gid".
std::string id_option(model::EnrollmentKind kind);

/// The service API of the connection that the options or the environment name.
Result<ServiceClient> connect_service(const Program& program, const ConnectionOptions& options);

}  // namespace muster::cli
