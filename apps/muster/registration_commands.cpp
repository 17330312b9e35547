#include "muster/registration_commands.h"

#include <fmt/format.h>

#include "muster/entry_commands.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

struct RegistrationCommand {
  ClientOptions client = {};
  std::string id = {};  ///< of the device, or of the group whose devices are listed
  std::string etag = {};
  std::optional<int> top = {};
};

int show(const Program& program, const RegistrationCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto record = service->registration(command.id);
  if (!record) return report(program, record.error());
  return print(program, command.client.output, *record, [](const auto& value) {
    return value.is_object() ? format_object(value.get_object()) : pretty_json(value);
  });
}

int remove(const Program& program, const RegistrationCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto removed = service->remove_registration(command.id, command.etag.empty() ? "*" : command.etag);
  return removed ? done() : report(program, removed.error());
}

int list(const Program& program, const RegistrationCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto records = service->list_registrations(command.id, command.top);
  if (!records) return report(program, records.error());
  return print(program, command.client.output, *records, [](const auto& value) {
    return format_list({{"REGISTRATION ID", {"registrationId"}},
                        {"STATUS", {"status"}},
                        {"HUB", {"assignedHub"}},
                        {"DEVICE ID", {"deviceId"}},
                        {"UPDATED", {"lastUpdatedDateTimeUtc"}}},
                       value.get_array());
  });
}

void add_device(const Verb<RegistrationCommand>& verb, EnrollmentKind kind) {
  // An individual enrollment has the id of its device; `az iot dps enrollment registration` asks for the former.
  const std::string names =
      kind == EnrollmentKind::kGroup ? "--registration-id,--rid" : "--registration-id,--rid," + id_option(kind);
  verb.app->add_option(names, verb.command->id, "The device; letter case does not matter")->required()->type_name("ID");
}

}  // namespace

void add_registration_noun(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const std::string_view parent = kind == EnrollmentKind::kGroup ? "group" : "enrollment";
  CLI::App* registration = add_noun(noun, "registration", "What came of devices' last registrations");
  const auto add = [&](auto action, const VerbText& text) {
    return add_client_verb(*registration, selection, action, text);
  };
  if (kind == EnrollmentKind::kGroup) {
    const auto listing = add(list, {"list", "List the devices that registered through a group",
                                    "  muster group registration list --gid line7 --top 20\n"});
    listing.app->add_option(id_option(kind), listing.command->id, "The group")->required()->type_name("ID");
    as_number(listing.app->add_option("--top", listing.command->top, "At most this many"), 1, 1'000'000'000);
  }
  add_device(add(show, {"show", "Show where a device was assigned, or why not",
                        fmt::format("  muster {} registration show --rid pump-0042 -o json\n", parent)}),
             kind);
  const auto deleting =
      add(remove, {"delete", "Delete a device's registration; it is assigned anew when it registers again",
                   fmt::format("  muster {} registration delete --rid pump-0042\n", parent)});
  add_device(deleting, kind);
  add_etag_option(*deleting.app, deleting.command->etag);
}

}  // namespace muster::cli
