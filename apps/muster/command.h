#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json/value.hpp>

#include "muster/connection.h"
#include "muster/program.h"

namespace muster::cli {

/// Where the command that was asked for is kept until parsing is over.
struct Selection {
  const Program& program;
  std::function<int()> run = {};
};

enum class OutputFormat { kTable, kJson };

/// Options that every client command has.
struct ClientOptions {
  ConnectionOptions connection;
  OutputFormat output = OutputFormat::kTable;
};

/// A noun: a subcommand whose verbs do the work. `app` is the program or, for a part of it, another noun.
CLI::App* add_noun(CLI::App& app, const std::string& name, const std::string& purpose);

/// A verb with examples, one in each line; exit codes are added to its help.
CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& purpose, const std::string& examples);

/// --output.
void add_output_option(CLI::App& verb, OutputFormat& output);
/// --ca and --connect-to.
void add_network_options(CLI::App& verb, ConnectionOptions& options);
/// The network options, --connection-string, --connection-string-file and --profile.
void add_connection_options(CLI::App& verb, ConnectionOptions& options);
/// The options of a connection and --output.
void add_client_options(CLI::App& verb, ClientOptions& options);

/// Makes it an option with fixed words, in any letter case; stored in the spelling of the list.
CLI::Option* as_choice(CLI::Option* option, const std::vector<std::string>& words);
/// Makes it an option for a number within limits.
CLI::Option* as_number(CLI::Option* option, int least, int most);

/// --hub-name: a hub that the service serves itself, in place of the service.
void add_hub_option(CLI::App& verb, std::string& hub);

/// --etag.
void add_etag_option(CLI::App& verb, std::string& etag);

/// Writes "muster: message" and gives the exit code of a request's failure, or kUsage.
int report(const Program& program, const Error& error);
int report_usage(const Program& program, const Error& error);

/// Writes a value as pretty JSON, or as what `table` makes of it.
int print(const Program& program, OutputFormat format, const boost::json::value& value,
          const std::function<std::string(const boost::json::value&)>& table);

/// A success of which there is nothing to show.
inline int done() {
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace muster::cli
