#include "base/secret.h"
#include "model/json.h"
#include "muster/access_policy.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/hub_access.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

/// The policy that every instance begins with (service-api.md 1.3).
constexpr std::string_view kOwner = "provisioningserviceowner";
/// And every hub (hub-api.md 1.2).
constexpr std::string_view kHubOwner = "iothubowner";

struct ConnectionStringCommand {
  ClientOptions client = {};
  std::optional<std::string> policy = {};
  std::string hub = {};
  std::string key = "primary";
  bool all = false;
};

/// {"keyName","connectionString"} for one policy, with the host name that this command itself came through.
Result<boost::json::object> connection_string(const boost::json::object& policy, const std::string& key,
                                              const std::string& host_name) {
  const auto name = model::required_string(policy, "keyName");
  if (!name) return std::unexpected(name.error());
  const auto text = model::required_string(policy, key + "Key");
  if (!text) return std::unexpected(text.error());
  auto octets = from_base64(*text);
  if (!octets) return fail(ErrorCode::kInternal, "The management API sent a key that is not base64.");
  const wire::ConnectionString connection{host_name, std::string(*name), SecretBytes(*std::move(octets))};
  return boost::json::object{{"keyName", *name}, {"connectionString", wire::format_connection_string(connection)}};
}

Result<boost::json::array> connection_strings(const ConnectionStringCommand& command,
                                              const ManagementClient& management, const std::string& host_name) {
  boost::json::array wanted;
  if (command.all) {
    auto policies = management.policies();
    if (!policies) return policies;
    wanted = *std::move(policies);
  } else {
    auto policy = management.policy(command.policy.value_or(std::string(command.hub.empty() ? kOwner : kHubOwner)));
    if (!policy) return std::unexpected(policy.error());
    wanted.push_back(*std::move(policy));
  }
  boost::json::array out;
  for (const auto& policy : wanted) {
    if (!policy.is_object()) continue;
    auto made = connection_string(policy.get_object(), command.key, host_name);
    if (!made) return std::unexpected(made.error());
    out.push_back(*std::move(made));
  }
  return out;
}

int show(const Program& program, const ConnectionStringCommand& command) {
  if (command.all && command.policy) {
    return report_usage(program, {ErrorCode::kInvalidArgument, "Give either --all or --policy-name."});
  }
  auto access = find_service(command.client.connection, program.environment);
  if (!access) return report_usage(program, access.error());
  const std::string& service = access->connection.host_name;
  const std::string host_name = command.hub.empty() ? service : hub_behind(service, command.hub);
  const auto management = connect_management(program, command.client.connection, command.hub);
  if (!management) return report_usage(program, management.error());
  const auto made = connection_strings(command, *management, host_name);
  if (!made) return report(program, made.error());
  if (command.all) {
    return print(program, command.client.output, *made, [](const auto& value) {
      return format_list({{"POLICY", {"keyName"}}, {"CONNECTION STRING", {"connectionString"}}}, value.get_array());
    });
  }
  return print(program, command.client.output, made->at(0),
               [](const auto& value) { return std::string(value.at("connectionString").as_string()) + "\n"; });
}

}  // namespace

void add_connection_string_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun =
      add_noun(app, "connection-string", "What clients of the service API are given: host, policy and key");
  const auto showing = add_client_verb(
      *noun, selection, show,
      {"show", "Show a policy's connection string; it is a secret",
       "  muster connection-string show\n"
       "  muster connection-string show --hub-name hub.dps.example.net\n"
       "  muster connection-string show --policy-name dashboard --key secondary > dashboard.connection-string\n"});
  add_hub_option(*showing.app, showing.command->hub);
  showing.app->add_option("--policy-name,--pn", showing.command->policy, "The policy (default the owner's)")
      ->type_name("NAME");
  as_choice(showing.app->add_option("--key,--key-type", showing.command->key, "Which of its keys (default primary)"),
            {"primary", "secondary"});
  showing.app->add_flag("--all", showing.command->all, "Those of all policies");
}

}  // namespace muster::cli
