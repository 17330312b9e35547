#include "muster/program.h"

#include "muster/commands.h"
#include "muster/version.h"

namespace muster::cli {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  muster serve --host-name dps.example.net\n"
    "  muster instance show\n"
    "  muster enrollment create --eid pump-0042 -o json\n"
    "  muster enrollment import --file devices.csv\n"
    "  muster device register --help\n"
    "  muster explain --failed\n"
    "\n"
    "The client commands find the service in --connection-string, --connection-string-file, --profile,\n"
    "MUSTER_CONNECTION_STRING, MUSTER_CONNECTION_STRING_FILE, MUSTER_PROFILE or the current profile,\n"
    "the first that is given.\n"
    "\n"
    "Exit codes: 0 done, 1 refused or failed in whole or in part, 2 wrong usage,\n"
    "3 service not reachable, 4 not found.\n";

}  // namespace

int run(int argc, const char* const* argv, const Program& program) {
  CLI::App app("Muster: device provisioning for fleets, compatible with the Azure device and service SDKs", "muster");
  app.set_version_flag("--version", std::string("muster ") + kVersion);
  app.require_subcommand(1);
  app.footer(kFooter);
  Selection selection{program};
  add_serve_command(app, selection);
  add_backup_commands(app, selection);
  add_enrollment_commands(app, selection);
  add_group_commands(app, selection);
  add_hub_commands(app, selection);
  add_hub_device_commands(app, selection);
  add_hub_message_commands(app, selection);
  add_certificate_commands(app, selection);
  add_policy_commands(app, selection);
  add_connection_string_commands(app, selection);
  add_instance_commands(app, selection);
  add_device_commands(app, selection);
  add_explain_command(app, selection);
  add_webhook_commands(app, selection);
  add_tpm_commands(app, selection);
  add_profile_commands(app, selection);
  add_completion_command(app, selection);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, program.out, program.err);
    return static_cast<int>(code == 0 ? ExitCode::kOk : ExitCode::kUsage);
  }
  return selection.run();
}

}  // namespace muster::cli
