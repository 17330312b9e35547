#pragma once

#include "muster/command.h"

namespace muster::cli {

// One noun each, in the file of its name. `selection` outlives the parsing and gets the command to run.
void add_serve_command(CLI::App& app, Selection& selection);
void add_backup_commands(CLI::App& app, Selection& selection);
void add_enrollment_commands(CLI::App& app, Selection& selection);
void add_group_commands(CLI::App& app, Selection& selection);
void add_hub_commands(CLI::App& app, Selection& selection);
void add_hub_device_commands(CLI::App& app, Selection& selection);
void add_hub_message_commands(CLI::App& app, Selection& selection);
void add_policy_commands(CLI::App& app, Selection& selection);
void add_connection_string_commands(CLI::App& app, Selection& selection);
void add_instance_commands(CLI::App& app, Selection& selection);
void add_certificate_commands(CLI::App& app, Selection& selection);
void add_device_commands(CLI::App& app, Selection& selection);
void add_profile_commands(CLI::App& app, Selection& selection);
void add_completion_command(CLI::App& app, Selection& selection);
void add_explain_command(CLI::App& app, Selection& selection);
void add_webhook_commands(CLI::App& app, Selection& selection);
void add_tpm_commands(CLI::App& app, Selection& selection);

}  // namespace muster::cli
