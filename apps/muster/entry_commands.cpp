#include "muster/entry_commands.h"

#include <fmt/format.h>

#include "muster/access_verbs.h"
#include "muster/entry_options.h"
#include "muster/entry_view.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

struct EntryCommand {
  EnrollmentKind kind;
  ClientOptions client = {};
  EnrollmentOptions entry = {};
  std::string etag = {};
  bool show_keys = false;
  std::optional<int> top = {};
  std::string query = "SELECT *";
};

int show_entry(const Program& program, const EntryCommand& command, const Result<boost::json::value>& entry) {
  if (!entry) return report(program, entry.error());
  const KeyVisibility keys = command.show_keys ? KeyVisibility::kShown : KeyVisibility::kHidden;
  return print(program, command.client.output, *entry, [&](const auto& value) { return format_entry(value, keys); });
}

Result<boost::json::object> build_creation(const Program& program, const EntryCommand& command) {
  auto given = given_members(command.kind, command.entry, program.clock.now());
  return given ? creation_body(command.kind, command.entry.id, *std::move(given)) : given;
}

int create(const Program& program, const EntryCommand& command) {
  const auto body = build_creation(program, command);
  if (!body) return report_usage(program, body.error());
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  return show_entry(program, command, service->put(command.kind, command.entry.id, *body, ""));
}

int update(const Program& program, const EntryCommand& command) {
  const auto given = given_members(command.kind, command.entry, program.clock.now());
  if (!given) return report_usage(program, given.error());
  if (given->empty()) return report_usage(program, {ErrorCode::kInvalidArgument, "Nothing to change was given."});
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto current = service->get_with_keys(command.kind, command.entry.id);
  if (!current) return report(program, current.error());
  if (!current->is_object()) return report(program, {ErrorCode::kInternal, "The service sent no enrollment."});
  // The etag that was read keeps a change by somebody else in between from being lost.
  const std::string etag = command.etag.empty() ? etag_of(*current) : command.etag;
  return show_entry(program, command,
                    service->put(command.kind, command.entry.id, update_body(current->get_object(), *given),
                                 etag.empty() ? "*" : etag));
}

int show(const Program& program, const EntryCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  return show_entry(program, command,
                    command.show_keys ? service->get_with_keys(command.kind, command.entry.id)
                                      : service->get(command.kind, command.entry.id));
}

int list(const Program& program, const EntryCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto entries = service->list(command.kind, command.query, command.top);
  if (!entries) return report(program, entries.error());
  return print(program, command.client.output, *entries,
               [&](const auto& value) { return format_entries(command.kind, value.get_array()); });
}

int remove(const Program& program, const EntryCommand& command) {
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto removed = service->remove(command.kind, command.entry.id, command.etag.empty() ? "*" : command.etag);
  return removed ? done() : report(program, removed.error());
}

Verb<EntryCommand> add(CLI::App& noun, EnrollmentKind kind, Selection& selection,
                       int (*action)(const Program&, const EntryCommand&), const VerbText& text) {
  return add_client_verb(noun, selection, action, text, EntryCommand{.kind = kind});
}

void add_id(const Verb<EntryCommand>& verb) {
  verb.app->add_option(id_option(verb.command->kind), verb.command->entry.id, "Its id; letter case does not matter")
      ->required()
      ->type_name("ID");
}

void add_show_keys(const Verb<EntryCommand>& verb) {
  verb.app->add_flag("--show-keys", verb.command->show_keys, "Show symmetric keys");
}

std::string examples(EnrollmentKind kind, std::initializer_list<std::string_view> individual,
                     std::initializer_list<std::string_view> group) {
  std::string out;
  for (const auto line : kind == EnrollmentKind::kGroup ? group : individual) out += fmt::format("  muster {}\n", line);
  return out;
}

}  // namespace

std::string id_option(EnrollmentKind kind) {
  // `az iot dps enrollment-group` takes either.
  return kind == EnrollmentKind::kGroup ? "--group-id,--gid,--enrollment-id,--eid" : "--enrollment-id,--eid";
}

Result<ServiceClient> connect_service(const Program& program, const ConnectionOptions& options) {
  auto access = find_service(options, program.environment);
  if (!access) return std::unexpected(access.error());
  return ServiceClient(std::move(access->connection), program.make_send(access->http), program.clock);
}

void add_entry_verbs(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const std::string what = kind == EnrollmentKind::kGroup ? "an enrollment group" : "an individual enrollment";

  const auto creating =
      add(noun, kind, selection, create,
          {"create", fmt::format("Create {}", what),
           examples(kind,
                    {"enrollment create --eid pump-0042",
                     "enrollment create --eid pump-0042 --attestation-type x509 --certificate-path pump-0042.pem",
                     "enrollment create --eid pump-0042 --iot-hubs hub-a.example.net --allocation-policy static"},
                    {"group create --gid line7 --primary-key \"$KEY\" --secondary-key \"$OTHER_KEY\"",
                     "group create --gid line7 --certificate-path line7-ca.pem",
                     "group create --gid line7 --root-ca-name plant-root"})});
  add_id(creating);
  add_entry_options(*creating.app, kind, creating.command->entry);
  add_show_keys(creating);

  const auto listing = add(
      noun, kind, selection, list,
      {"list", "List all, or those that a query finds",
       examples(kind,
                {"enrollment list --top 20 -o json",
                 "enrollment list --query \"SELECT * WHERE provisioningStatus = 'disabled'\"",
                 "enrollment list --query \"SELECT registrationId WHERE initialTwin.tags.site = 'ams'\" -o json"},
                {"group list --top 20 -o json", "group list --query \"SELECT * WHERE attestation.type = 'x509'\""})});
  as_number(listing.app->add_option("--top", listing.command->top, "At most this many"), 1, 1'000'000'000);
  listing.app->add_option("--query", listing.command->query, "Which of them and what of each (docs/query.md)")
      ->type_name("QUERY");

  const auto showing = add(noun, kind, selection, show,
                           {"show", fmt::format("Show {}", what),
                            examples(kind, {"enrollment show --eid pump-0042 --show-keys -o json"},
                                     {"group show --gid line7 --show-keys -o json"})});
  add_id(showing);
  add_show_keys(showing);

  const auto updating = add(noun, kind, selection, update,
                            {"update", fmt::format("Change {}: the given members, all else stays", what),
                             examples(kind, {"enrollment update --eid pump-0042 --provisioning-status disabled"},
                                      {"group update --gid line7 --secondary-certificate-path line7-ca-2027.pem"})});
  add_id(updating);
  add_entry_options(*updating.app, kind, updating.command->entry);
  add_etag_option(*updating.app, updating.command->etag);
  add_show_keys(updating);

  const auto deleting = add(noun, kind, selection, remove,
                            {"delete", fmt::format("Delete {}", what),
                             examples(kind, {"enrollment delete --eid pump-0042"}, {"group delete --gid line7"})});
  add_id(deleting);
  add_etag_option(*deleting.app, deleting.command->etag);
  add_access_verbs(noun, kind, selection);
}

}  // namespace muster::cli
