#include "model/ids.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/linked_hub.h"
#include "muster/table.h"
#include "muster/verb.h"

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

/// Reads the resource, changes it and writes it back if nobody else did meanwhile.
int change(const Program& program, const HubCommand& command, const ManagementClient& management,
           Result<boost::json::object> (*apply)(boost::json::object, const LocalHubOptions&)) {
  auto resource = management.service();
  if (!resource) return report(program, resource.error());
  const auto changed = apply(*std::move(resource), command.hub);
  return changed ? print_hub(program, command, management.put_service(*changed)) : report(program, changed.error());
}

int create(const Program& program, const HubCommand& command, const ManagementClient& management) {
  return change(program, command, management, with_linked_hub);
}

int update(const Program& program, const HubCommand& command, const ManagementClient& management) {
  return change(program, command, management, with_changed_hub);
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

template <int (*action)(const Program&, const HubCommand&, const ManagementClient&)>
int run_action(const Program& program, const HubCommand& command) {
  if (!command.hub.host_name.empty()) {
    const auto checked = model::check_host_name(command.hub.host_name, "--hub-name");
    if (!checked) return report_usage(program, checked.error());
  }
  const auto management = connect_management(program, command.client.connection);
  return management ? action(program, command, *management) : report_usage(program, management.error());
}

int run_update(const Program& program, const HubCommand& command) {
  const LocalHubOptions& hub = command.hub;
  if (!hub.allocation_weight && !hub.apply_allocation_policy && !hub.location) {
    return report_usage(program, {ErrorCode::kInvalidArgument, "Nothing to change was given."});
  }
  return run_action<update>(program, command);
}

void add_name(const Verb<HubCommand>& verb) {
  verb.app->add_option("--hub-name,--linked-hub", verb.command->hub.host_name, "Host name of the hub")
      ->required()
      ->type_name("HOST");
}

void add_settings(const Verb<HubCommand>& verb) {
  LocalHubOptions& hub = verb.command->hub;
  as_number(
      verb.app->add_option("--allocation-weight", hub.allocation_weight, "Share of devices, 1 to 1000 (default 1)"), 1,
      1000);
  verb.app
      ->add_option("--apply-allocation-policy", hub.apply_allocation_policy,
                   "false: used only by entries that name it (default true)")
      ->option_text("true|false");
  verb.app->add_option("--location", hub.location, "Where it stands, for people")->type_name("TEXT");
}

}  // namespace

void add_hub_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "hub", "Linked hubs: where devices can be assigned to");
  noun->alias("linked-hub");
  const auto add = [&](auto action, const VerbText& text) { return add_client_verb(*noun, selection, action, text); };
  const auto creating = add(
      run_action<create>, {"create", "Link a hub that this service serves itself",
                           "  muster hub create --hub-name hub-a.example.net\n"
                           "  muster hub create --hub-name hub-b.example.net --allocation-weight 3 --location ams\n"});
  add_name(creating);
  add_settings(creating);

  add(run_action<list>, {"list", "List the linked hubs", "  muster hub list\n"});
  add_name(
      add(run_action<show>, {"show", "Show a linked hub", "  muster hub show --hub-name hub-a.example.net -o json\n"}));

  const auto updating =
      add(run_update, {"update", "Change a linked hub: what is given, all else stays",
                       "  muster hub update --hub-name hub-a.example.net --allocation-weight 5\n"
                       "  muster hub update --hub-name hub-a.example.net --apply-allocation-policy false\n"});
  add_name(updating);
  add_settings(updating);

  add_name(add(run_action<remove>, {"delete", "Unlink a hub; its devices stay registered there",
                                    "  muster hub delete --hub-name hub-a.example.net\n"}));
}

}  // namespace muster::cli
