#include <fmt/format.h>

#include "muster/commands.h"
#include "muster/files.h"
#include "muster/profiles.h"
#include "muster/table.h"
#include "muster/verb.h"
#include "wire/connection_string.h"

namespace muster::cli {
namespace {

struct ProfileCommand {
  std::string name = {};
  Profile profile = {};
  std::string connection_string_file = {};
  bool use = false;
  OutputFormat output = OutputFormat::kTable;
};

/// The file with what stands in it.
struct Opened {
  std::filesystem::path file;
  Profiles profiles;
};

Result<Opened> open_profiles(const Program& program) {
  auto file = profiles_file(program.environment);
  if (!file) return std::unexpected(file.error());
  auto profiles = read_profiles(*file);
  if (!profiles) return std::unexpected(profiles.error());
  return Opened{*std::move(file), *std::move(profiles)};
}

/// What is shown of a profile: never its key.
boost::json::object shown(const std::string& name, const Profile& profile, const Profiles& profiles) {
  boost::json::object out{{"name", name}, {"current", name == profiles.current}};
  if (const auto connection = wire::parse_connection_string(profile.connection_string)) {
    out["hostName"] = connection->host_name;
    out["policy"] = connection->key_name;
  }
  if (!profile.ca_file.empty()) out["ca"] = profile.ca_file;
  if (!profile.connect_to.empty()) out["connectTo"] = profile.connect_to;
  return out;
}

Error unknown(const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("There is no profile {}; `muster profile list` names all.", name)};
}

Result<std::string> given_connection_string(const ProfileCommand& command) {
  if (command.profile.connection_string.empty() == command.connection_string_file.empty()) {
    return invalid("Give --connection-string or --connection-string-file.");
  }
  if (!command.profile.connection_string.empty()) return command.profile.connection_string;
  auto text = read_file(command.connection_string_file);
  if (text) text->erase(text->find_last_not_of(" \t\r\n") + 1);
  return text;
}

int add(const Program& program, const ProfileCommand& command) {
  if (auto named = check_profile_name(command.name); !named) return report_usage(program, named.error());
  const auto text = given_connection_string(command);
  if (!text) return report_usage(program, text.error());
  if (!wire::parse_connection_string(*text)) {
    return report_usage(program,
                        {ErrorCode::kInvalidArgument,
                         "The connection string must be HostName=...;SharedAccessKeyName=...;SharedAccessKey=..."});
  }
  auto opened = open_profiles(program);
  if (!opened) return report_usage(program, opened.error());
  Profile profile = command.profile;
  profile.connection_string = *text;
  // A file named here is meant wherever a command is run later.
  if (!profile.ca_file.empty()) profile.ca_file = std::filesystem::absolute(profile.ca_file).string();
  opened->profiles.by_name[command.name] = profile;
  if (command.use || opened->profiles.by_name.size() == 1) opened->profiles.current = command.name;
  if (auto written = write_profiles(opened->file, opened->profiles); !written) {
    return report(program, written.error());
  }
  return print(program, command.output, shown(command.name, profile, opened->profiles),
               [](const auto& value) { return format_object(value.get_object()); });
}

int list(const Program& program, const ProfileCommand& command) {
  const auto opened = open_profiles(program);
  if (!opened) return report_usage(program, opened.error());
  if (const auto warning = exposed(opened->file)) program.err << "muster: " << *warning << '\n';
  boost::json::array all;
  for (const auto& [name, profile] : opened->profiles.by_name) all.push_back(shown(name, profile, opened->profiles));
  return print(program, command.output, all, [](const auto& value) {
    return format_list({{"Name", {"name"}},
                        {"Current", {"current"}},
                        {"Service", {"hostName"}},
                        {"Policy", {"policy"}},
                        {"CA", {"ca"}},
                        {"Connect to", {"connectTo"}}},
                       value.get_array());
  });
}

int show(const Program& program, const ProfileCommand& command) {
  const auto opened = open_profiles(program);
  if (!opened) return report_usage(program, opened.error());
  const auto found = opened->profiles.by_name.find(command.name);
  if (found == opened->profiles.by_name.end()) return report(program, unknown(command.name));
  return print(program, command.output, shown(found->first, found->second, opened->profiles),
               [](const auto& value) { return format_object(value.get_object()); });
}

/// Changes a profile that is there.
int change(const Program& program, const ProfileCommand& command, void (*apply)(Profiles&, const std::string&)) {
  auto opened = open_profiles(program);
  if (!opened) return report_usage(program, opened.error());
  if (!opened->profiles.by_name.contains(command.name)) return report(program, unknown(command.name));
  apply(opened->profiles, command.name);
  const auto written = write_profiles(opened->file, opened->profiles);
  return written ? done() : report(program, written.error());
}

int use(const Program& program, const ProfileCommand& command) {
  return change(program, command, [](Profiles& profiles, const std::string& name) { profiles.current = name; });
}

int remove(const Program& program, const ProfileCommand& command) {
  return change(program, command, [](Profiles& profiles, const std::string& name) {
    profiles.by_name.erase(name);
    if (profiles.current == name) profiles.current.clear();
  });
}

Verb<ProfileCommand> add_profile_verb(CLI::App& noun, Selection& selection,
                                      int (*action)(const Program&, const ProfileCommand&), const VerbText& text) {
  const auto verb = add_verb(noun, selection, action, text);
  add_output_option(*verb.app, verb.command->output);
  return verb;
}

void add_name(const Verb<ProfileCommand>& verb) {
  verb.app->add_option("--name,-n", verb.command->name, "The profile")->required()->type_name("NAME");
}

}  // namespace

void add_profile_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "profile", "Services that the client commands know by name");
  const auto adding = add_profile_verb(
      *noun, selection, add,
      {"add", "Add a profile or replace it",
       "  muster profile add --name plant --connection-string-file owner.connection-string --ca ca.pem --use\n"});
  add_name(adding);
  adding.app->add_option("--connection-string", adding.command->profile.connection_string, "Host and key of a policy")
      ->type_name("TEXT");
  adding.app->add_option("--connection-string-file", adding.command->connection_string_file, "File that holds it")
      ->type_name("FILE");
  adding.app->add_option("--ca", adding.command->profile.ca_file, "Trusted CA certificates (PEM)")->type_name("FILE");
  adding.app->add_option("--connect-to", adding.command->profile.connect_to, "Connect to this address")
      ->type_name("ADDRESS[:PORT]");
  adding.app->add_flag("--use", adding.command->use, "Make it the current one");
  add_profile_verb(*noun, selection, list, {"list", "List all", "  muster profile list\n"});
  add_name(add_profile_verb(*noun, selection, show,
                            {"show", "Show one, without its key", "  muster profile show --name plant\n"}));
  add_name(add_profile_verb(*noun, selection, use,
                            {"use", "Make a profile the current one", "  muster profile use --name plant\n"}));
  add_name(add_profile_verb(*noun, selection, remove,
                            {"delete", "Forget a profile", "  muster profile delete --name plant\n"}));
}

}  // namespace muster::cli
