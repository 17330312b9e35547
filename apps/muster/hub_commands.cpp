#include <memory>

#include "model/ids.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/linked_hub.h"
#include "muster/table.h"

namespace muster::cli {
namespace {

struct HubCommand {
  ClientOptions client = {};
  LocalHubOptions hub = {};
};

std::string format_hubs(const boost::json::value& hubs) {
  return format_list({{"HUB", {"name"}},
                      {"TYPE", {"authenticationType"}},
                      {"WEIGHT", {"allocationWeight"}},
                      {"ALLOCATED", {"applyAllocationPolicy"}},
                      {"LOCATION", {"location"}}},
                     hubs.get_array());
}

std::string format_hub(const boost::json::value& hub) {
  return format_object(hub.get_object());
}

int print_hub(const Program& program, const HubCommand& command, const Result<boost::json::object>& resource) {
  if (!resource) return report(program, resource.error());
  const auto hub = find_linked_hub(*resource, command.hub.host_name);
  return hub ? print(program, command.client.output, *hub, format_hub) : report(program, hub.error());
}

int create(const Program& program, const HubCommand& command, const ManagementClient& management) {
  auto resource = management.service();
  if (!resource) return report(program, resource.error());
  const auto changed = with_linked_hub(*std::move(resource), command.hub);
  return changed ? print_hub(program, command, management.put_service(*changed)) : report(program, changed.error());
}

int list(const Program& program, const HubCommand& command, const ManagementClient& management) {
  const auto resource = management.service();
  if (!resource) return report(program, resource.error());
  return print(program, command.client.output, linked_hubs(*resource), format_hubs);
}

int show(const Program& program, const HubCommand& command, const ManagementClient& management) {
  return print_hub(program, command, management.service());
}

int remove(const Program& program, const HubCommand& command, const ManagementClient& management) {
  auto resource = management.service();
  if (!resource) return report(program, resource.error());
  const auto changed = without_linked_hub(*std::move(resource), command.hub.host_name);
  if (!changed) return report(program, changed.error());
  const auto stored = management.put_service(*changed);
  return stored ? done() : report(program, stored.error());
}

using Action = int (*)(const Program&, const HubCommand&, const ManagementClient&);

int run_action(const Program& program, const HubCommand& command, Action action) {
  if (!command.hub.host_name.empty()) {
    const auto checked = model::check_host_name(command.hub.host_name, "--hub-name");
    if (!checked) return report_usage(program, checked.error());
  }
  const auto management = connect_management(program, command.client.connection);
  return management ? action(program, command, *management) : report_usage(program, management.error());
}

struct Verb {
  CLI::App* app;
  std::shared_ptr<HubCommand> command;
};

Verb add(CLI::App& noun, Selection& selection, Action action, const std::string& name, const std::string& purpose,
         const std::string& examples) {
  Verb verb{add_verb(noun, name, purpose, examples), std::make_shared<HubCommand>()};
  add_client_options(*verb.app, verb.command->client);
  verb.app->callback([&selection, action, command = verb.command] {
    selection.run = [&program = selection.program, action, command] { return run_action(program, *command, action); };
  });
  return verb;
}

void add_name(const Verb& verb) {
  verb.app->add_option("--hub-name", verb.command->hub.host_name, "Host name of the hub")
      ->required()
      ->type_name("HOST");
}

}  // namespace

void add_hub_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "hub", "Linked hubs: where devices can be assigned to");
  const Verb creating = add(*noun, selection, create, "create", "Link a hub that this service serves itself",
                            "  muster hub create --hub-name hub-a.example.net\n"
                            "  muster hub create --hub-name hub-b.example.net --allocation-weight 3 --location ams\n");
  add_name(creating);
  LocalHubOptions& hub = creating.command->hub;
  creating.app->add_option("--allocation-weight", hub.allocation_weight, "Share of devices, 1 to 1000 (default 1)")
      ->check(CLI::Range(1, 1000));
  creating.app
      ->add_option("--apply-allocation-policy", hub.apply_allocation_policy,
                   "false: used only by entries that name it (default true)")
      ->option_text("true|false");
  creating.app->add_option("--location", hub.location, "Where it stands, for people")->type_name("TEXT");

  add(*noun, selection, list, "list", "List the linked hubs", "  muster hub list\n");
  add_name(add(*noun, selection, show, "show", "Show a linked hub",
               "  muster hub show --hub-name hub-a.example.net -o json\n"));
  add_name(add(*noun, selection, remove, "delete", "Unlink a hub; its devices stay registered there",
               "  muster hub delete --hub-name hub-a.example.net\n"));
}

}  // namespace muster::cli
