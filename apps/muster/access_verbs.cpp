#include "muster/access_verbs.h"

#include <algorithm>

#include <fmt/format.h>

#include "muster/entry_commands.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

namespace json = boost::json;
using model::EnrollmentKind;
using Access = ServiceClient::Access;

struct AccessCommand {
  ClientOptions client = {};
  EnrollmentKind kind = EnrollmentKind::kIndividual;
  std::string id = {};
  std::string reason = {};
};

std::string format_report(const json::value& report) {
  const json::object& entry = report.get_object();
  json::object shown = entry;
  shown.erase("devices");
  std::string out = format_object(shown);
  const json::array& devices = entry.at("devices").get_array();
  if (devices.empty()) return out + "None of its devices is at a hub.\n";
  return out + "\n" +
         format_list({{"DEVICE", {"registrationId"}},
                      {"HUB", {"assignedHub"}},
                      {"DEVICE ID", {"deviceId"}},
                      {"OUTCOME", {"outcome"}},
                      {"WHY", {"message"}}},
                     devices);
}

bool is_cut(const json::value& device) {
  const auto* object = device.if_object();
  const auto* outcome = object == nullptr ? nullptr : object->if_contains("outcome");
  return outcome != nullptr && *outcome != "failed" && *outcome != "unlinked";
}

template <Access access>
int set_access(const Program& program, const AccessCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto report = service->set_access(command.kind, command.id, access, command.reason);
  if (!report) return cli::report(program, report.error());
  print(program, command.client.output, *report, format_report);
  if (std::ranges::all_of(report->at("devices").get_array(), is_cut)) return done();
  program.err << "muster: some devices were not reached at their hubs; run this again\n";
  return static_cast<int>(ExitCode::kRefused);
}

template <Access access>
void add(CLI::App& noun, EnrollmentKind kind, Selection& selection, const VerbText& text) {
  const auto verb = add_client_verb(noun, selection, set_access<access>, text, AccessCommand{.kind = kind});
  verb.app->add_option(id_option(kind), verb.command->id, "Its id; letter case does not matter")
      ->required()
      ->type_name("ID");
  verb.app->add_option("--reason", verb.command->reason, "Why; the hubs keep it with the devices")->type_name("TEXT");
}

}  // namespace

void add_access_verbs(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const bool group = kind == EnrollmentKind::kGroup;
  const std::string named = group ? "group {} --gid line7" : "enrollment {} --eid pump-0042";
  const std::string who = group ? "all devices of the group" : "the device";
  const auto line = [&](std::string_view verb, std::string_view more) {
    return fmt::format("  muster {}{}\n", fmt::format(fmt::runtime(named), verb), more);
  };
  add<Access::kRevoke>(noun, kind, selection,
                       {"revoke", fmt::format("After a breach: cut {} off, here and at the hub, at once", who),
                        line("revoke", " --reason \"key stolen\"")});
  add<Access::kRestore>(noun, kind, selection,
                        {"restore", fmt::format("Let {} in again, here and at the hub", who), line("restore", "")});
}

}  // namespace muster::cli
