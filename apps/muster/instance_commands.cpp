#include "model/json.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/linked_hub.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

struct InstanceCommand {
  ClientOptions client = {};
  std::string allocation_policy = {};
};

std::string text_of(const boost::json::object& object, std::string_view member) {
  return std::string(model::optional_string(object, member).value_or("").value_or(""));
}

/// The facts that devices and operators need; the whole resource is for scripts.
std::string format_instance(const boost::json::value& value) {
  const boost::json::object& resource = value.get_object();
  const auto found = model::optional_object(resource, "properties");
  const boost::json::object properties = found && *found != nullptr ? **found : boost::json::object();
  std::string hubs;
  for (const auto& hub : linked_hubs(resource)) {
    if (hub.is_object()) hubs += (hubs.empty() ? "" : " ") + text_of(hub.get_object(), "name");
  }
  return format_lines({{"Name", text_of(resource, "name")},
                       {"ID scope", text_of(properties, "idScope")},
                       {"Devices register at", text_of(properties, "deviceProvisioningHostName")},
                       {"Operators connect to", text_of(properties, "serviceOperationsHostName")},
                       {"Allocation policy", text_of(properties, "allocationPolicy")},
                       {"Linked hubs", hubs},
                       {"State", text_of(properties, "state")}});
}

int print_instance(const Program& program, const InstanceCommand& command,
                   const Result<boost::json::object>& resource) {
  if (!resource) return report(program, resource.error());
  return print(program, command.client.output, *resource, format_instance);
}

int show(const Program& program, const InstanceCommand& command) {
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  return print_instance(program, command, management->service());
}

int update(const Program& program, const InstanceCommand& command) {
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  auto resource = management->service();
  if (!resource) return report(program, resource.error());
  auto& properties = (*resource)["properties"];
  if (!properties.is_object()) properties = boost::json::object();
  properties.get_object()["allocationPolicy"] = command.allocation_policy;
  return print_instance(program, command, management->put_service(*resource));
}

}  // namespace

void add_instance_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "instance", "The service itself: ID scope, host names, how devices are allocated");
  add_client_verb(*noun, selection, show,
                  {"show", "Show the service: what devices and operators need to know of it",
                   "  muster instance show\n"
                   "  muster instance show -o json | jq -r .properties.idScope\n"});
  const auto updating = add_client_verb(*noun, selection, update,
                                        {"update", "Change how devices are allocated to hubs by default",
                                         "  muster instance update --allocation-policy static\n"});
  as_choice(updating.app
                ->add_option("--allocation-policy", updating.command->allocation_policy,
                             "For entries that have no policy of their own (required)")
                ->required(),
            {"Hashed", "GeoLatency", "Static"});
}

}  // namespace muster::cli
