#include "muster/command.h"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "muster/table.h"

namespace muster::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 refused or failed in whole or in part, 2 wrong usage, 3 service not reachable, 4 not found.";

/// "muster enrollment registration": how the command is called.
std::string words_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : words_of(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& purpose) {
  CLI::App* noun = app.add_subcommand(name, purpose);
  noun->require_subcommand(1);
  noun->footer(fmt::format("Details and examples: {} COMMAND --help", words_of(*noun)));
  return noun;
}

CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& purpose, const std::string& examples) {
  CLI::App* verb = noun.add_subcommand(name, purpose);
  verb->footer(fmt::format("Examples:\n{}\n{}", examples, kExitCodes));
  return verb;
}

void add_network_options(CLI::App& verb, ConnectionOptions& options) {
  verb.add_option("--ca", options.ca_file, "Trusted CA certificates (PEM) in place of the system's; or MUSTER_CA")
      ->type_name("FILE")
      ->group("Connection");
  verb.add_option("--connect-to", options.connect_to,
                  "Connect to ADDRESS[:PORT] though the name says otherwise; or MUSTER_CONNECT_TO")
      ->type_name("ADDRESS[:PORT]")
      ->group("Connection");
}

void add_output_option(CLI::App& verb, OutputFormat& output) {
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}};
  verb.add_option("-o,--output", output, "table or json: what the service sent (default table)")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case))
      ->option_text("table|json");
}

void add_connection_options(CLI::App& verb, ConnectionOptions& options) {
  verb.add_option("--connection-string", options.connection_string,
                  "HostName=...;SharedAccessKeyName=...;SharedAccessKey=...; or MUSTER_CONNECTION_STRING")
      ->type_name("TEXT")
      ->group("Connection");
  verb.add_option("--connection-string-file", options.connection_string_file,
                  "File that holds the connection string; or MUSTER_CONNECTION_STRING_FILE")
      ->type_name("FILE")
      ->group("Connection");
  verb.add_option("--profile", options.profile, "A profile (`muster profile`); or MUSTER_PROFILE")
      ->type_name("NAME")
      ->group("Connection");
  add_network_options(verb, options);
}

void add_client_options(CLI::App& verb, ClientOptions& options) {
  add_connection_options(verb, options.connection);
  add_output_option(verb, options.output);
}

CLI::Option* as_choice(CLI::Option* option, const std::vector<std::string>& words) {
  return option->transform(CLI::IsMember(words, CLI::ignore_case))
      ->option_text(fmt::format("{}", fmt::join(words, "|")));
}

CLI::Option* as_number(CLI::Option* option, int least, int most) {
  return option->check(CLI::Range(least, most))->option_text("N");
}

void add_hub_option(CLI::App& verb, std::string& hub) {
  verb.add_option("--hub-name", hub, "A hub that the service serves itself, in place of the service")
      ->type_name("HOST");
}

void add_etag_option(CLI::App& verb, std::string& etag) {
  verb.add_option("--etag", etag, "Only when it still has this etag")->type_name("ETAG");
}

int report(const Program& program, const Error& error) {
  program.err << "muster: " << error.message << '\n';
  return static_cast<int>(exit_code_of(error));
}

int report_usage(const Program& program, const Error& error) {
  program.err << "muster: " << error.message << '\n';
  return static_cast<int>(ExitCode::kUsage);
}

int print(const Program& program, OutputFormat format, const boost::json::value& value,
          const std::function<std::string(const boost::json::value&)>& table) {
  program.out << (format == OutputFormat::kJson ? pretty_json(value) : table(value));
  return done();
}

}  // namespace muster::cli
