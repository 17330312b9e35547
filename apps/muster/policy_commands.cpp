#include "base/secret.h"
#include "muster/access_policy.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/entry_view.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

struct PolicyCommand {
  ClientOptions client = {};
  PolicyOptions policy = {};
  bool show_keys = false;
};

int print_policy(const Program& program, const PolicyCommand& command, const Result<boost::json::object>& policy) {
  if (!policy) return report(program, policy.error());
  return print(program, command.client.output, *policy, [&](const auto& value) {
    boost::json::object shown = value.get_object();
    if (!command.show_keys) hide_key_members(shown);
    return format_object(shown);
  });
}

bool is_own(const ServiceAccess& access, const PolicyCommand& command) {
  return command.policy.hub.empty() && access.connection.key_name == command.policy.name;
}

/// Nobody may lose the way in: a new key of the policy that the command connects with has to be seen.
Result<void> check_new_key_is_shown(const Program& program, const PolicyCommand& command) {
  if (!command.policy.regenerate || command.show_keys || command.client.output == OutputFormat::kJson) return {};
  const auto access = find_service(command.client.connection, program.environment);
  if (!access) return std::unexpected(access.error());
  if (!is_own(*access, command)) return {};
  return invalid("This command connects with that very policy; give --show-keys, or nobody gets to see its new key.");
}

/// Shows the policy as it is after a change. When that was the policy of this very connection, its old key may be good
/// for nothing any more, so its new one is used.
int show_changed(const Program& program, const PolicyCommand& command, const boost::json::object& given) {
  auto access = find_service(command.client.connection, program.environment);
  if (!access) return report_usage(program, access.error());
  const bool own = is_own(*access, command);
  for (const char* member : {"primaryKey", "secondaryKey"}) {
    const auto* key = given.if_contains(member);
    if (!own || key == nullptr) continue;
    if (auto octets = from_base64(std::string(key->as_string()))) {
      access->connection.key = SecretBytes(*std::move(octets));
      program.err << "muster: a key of the policy that this command connects with has changed; connection strings with "
                     "the old one are refused from now on\n";
      break;
    }
  }
  const ManagementClient service(std::move(access->connection), program.make_send(access->http), program.clock);
  const ManagementClient management = command.policy.hub.empty() ? service : service.of_hub(command.policy.hub);
  auto policy = management.policy(command.policy.name);
  if (own && !policy && policy.error().code == ErrorCode::kUnauthorized) {
    program.err << "muster: done; the policy of this connection may not show policies any more\n";
    return done();
  }
  return print_policy(program, command, policy);
}

/// Writes the policies that `apply` makes of the stored ones, if nobody else changed the service meanwhile.
template <class Apply>
Result<void> change(const ManagementClient& management, Apply apply) {
  auto resource = management.service();  // before the policies: its etag guards them
  if (!resource) return std::unexpected(resource.error());
  const auto stored = management.policies();
  if (!stored) return std::unexpected(stored.error());
  auto policies = apply(*stored);
  if (!policies) return std::unexpected(policies.error());
  auto& properties = (*resource)["properties"];
  if (!properties.is_object()) properties = boost::json::object();
  properties.get_object()["authorizationPolicies"] = *std::move(policies);
  const auto written = management.put_service(*resource);
  if (!written) return std::unexpected(written.error());
  return {};
}

template <Result<boost::json::array> (*apply)(const boost::json::array&, const boost::json::object&)>
int write(const Program& program, const PolicyCommand& command) {
  const auto given = given_policy(command.policy, program.random);
  if (!given) return report_usage(program, given.error());
  if (given->size() == 1) return report_usage(program, {ErrorCode::kInvalidArgument, "Nothing to change was given."});
  if (auto shown = check_new_key_is_shown(program, command); !shown) return report_usage(program, shown.error());
  const auto management = connect_management(program, command.client.connection, command.policy.hub);
  if (!management) return report_usage(program, management.error());
  const auto changed = change(*management, [&](const boost::json::array& stored) { return apply(stored, *given); });
  return changed ? show_changed(program, command, *given) : report(program, changed.error());
}

int list(const Program& program, const PolicyCommand& command) {
  const auto management = connect_management(program, command.client.connection, command.policy.hub);
  if (!management) return report_usage(program, management.error());
  const auto policies = management->policies();
  if (!policies) return report(program, policies.error());
  return print(program, command.client.output, *policies, [](const auto& value) {
    return format_list({{"POLICY", {"keyName"}}, {"RIGHTS", {"rights"}}}, value.get_array());
  });
}

int show(const Program& program, const PolicyCommand& command) {
  const auto management = connect_management(program, command.client.connection, command.policy.hub);
  if (!management) return report_usage(program, management.error());
  return print_policy(program, command, management->policy(command.policy.name));
}

int remove(const Program& program, const PolicyCommand& command) {
  const auto management = connect_management(program, command.client.connection, command.policy.hub);
  if (!management) return report_usage(program, management.error());
  const auto removed = change(
      *management, [&](const boost::json::array& stored) { return without_policy(stored, command.policy.name); });
  return removed ? done() : report(program, removed.error());
}

using PolicyVerb = Verb<PolicyCommand>;

void add_name(const PolicyVerb& verb) {
  verb.app->add_option("--policy-name,--pn,--name,-n", verb.command->policy.name, "The policy; letter case counts")
      ->required()
      ->type_name("NAME");
}

const std::string kHubRights = "a hub has RegistryRead, RegistryWrite, ServiceConnect and DeviceConnect";

CLI::Option* add_rights(const PolicyVerb& verb, const std::string& help) {
  // The service's names, so that shells complete them; given_policy() checks what is given.
  return verb.app->add_option("--rights,-r", verb.command->policy.rights, help)
      ->delimiter(',')
      ->option_text(
          "ServiceConfig|EnrollmentRead|EnrollmentWrite|DeviceConnect|RegistrationStatusRead|RegistrationStatusWrite");
}

void add_keys(const PolicyVerb& verb, const std::string& unless_given) {
  PolicyOptions& policy = verb.command->policy;
  verb.app->add_option("--primary-key", policy.primary_key, "16 to 64 octets; " + unless_given)->type_name("BASE64");
  verb.app->add_option("--secondary-key", policy.secondary_key, "The other key, valid beside the first")
      ->type_name("BASE64");
}

void add_show_keys(const PolicyVerb& verb) {
  verb.app->add_flag("--show-keys", verb.command->show_keys, "Show the keys in the table");
}

}  // namespace

void add_policy_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "policy", "Shared access policies: who may do what with the service or a hub");
  const auto add = [&](auto action, const VerbText& text) {
    const auto verb = add_client_verb(*noun, selection, action, text);
    add_hub_option(*verb.app, verb.command->policy.hub);
    return verb;
  };

  const auto creating =
      add(write<with_policy>, {"create", "Create a policy",
                               "  muster policy create --policy-name dashboard --rights EnrollmentRead "
                               "RegistrationStatusRead\n"
                               "  muster policy create --policy-name factory --rights EnrollmentWrite --show-keys\n"});
  add_name(creating);
  add_rights(creating, "What it allows (required), by commas or blanks; " + kHubRights)->required();
  add_keys(creating, "made by the service when not given");
  add_show_keys(creating);

  add(list, {"list", "List the policies",
             "  muster policy list\n"
             "  muster policy list --hub-name hub.dps.example.net\n"});

  const auto showing = add(show, {"show", "Show a policy", "  muster policy show --policy-name factory --show-keys\n"});
  add_name(showing);
  add_show_keys(showing);

  const auto updating =
      add(write<with_changed_policy>,
          {"update", "Change a policy: what is given, all else stays",
           "  muster policy update --policy-name factory --rights EnrollmentWrite,RegistrationStatusRead\n"
           "  muster policy update --policy-name factory --regenerate secondary --show-keys\n"
           "  muster policy update --hub-name hub.dps.example.net --policy-name service --regenerate primary\n"});
  add_name(updating);
  add_rights(updating, "What it allows from now on, by commas or blanks; " + kHubRights);
  add_keys(updating, "kept when not given");
  as_choice(updating.app->add_option("--regenerate", updating.command->policy.regenerate,
                                     "Replace this key by a new random one"),
            {"primary", "secondary"});
  add_show_keys(updating);

  add_name(add(remove, {"delete", "Delete a policy; whoever uses it is refused from then on",
                        "  muster policy delete --policy-name dashboard\n"}));
}

}  // namespace muster::cli
