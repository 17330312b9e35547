#include "muster/connection.h"

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "muster/files.h"

namespace muster::cli {
namespace {

Result<wire::ConnectionString> parse(std::string text, std::string_view source) {
  auto parsed = wire::parse_connection_string(trim(text));
  wipe(text);
  // The parser's message could quote an unknown member, which in a garbled text may be the key.
  if (!parsed) {
    return invalid(fmt::format(
        "{} is not a connection string HostName=...;SharedAccessKeyName=...;SharedAccessKey=... of a service.",
        source));
  }
  return parsed;
}

Result<wire::ConnectionString> parse_file(const std::string& path, std::string_view source) {
  auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  return parse(*std::move(text), source);
}

}  // namespace

Result<wire::ConnectionString> find_connection_string(const ConnectionOptions& options,
                                                      const Environment& environment) {
  if (!options.connection_string.empty() && !options.connection_string_file.empty()) {
    return invalid("Give --connection-string or --connection-string-file, not both.");
  }
  if (!options.connection_string.empty()) return parse(options.connection_string, "--connection-string");
  if (!options.connection_string_file.empty()) {
    return parse_file(options.connection_string_file, options.connection_string_file);
  }
  if (auto text = environment("MUSTER_CONNECTION_STRING")) return parse(*std::move(text), "MUSTER_CONNECTION_STRING");
  if (const auto path = environment("MUSTER_CONNECTION_STRING_FILE")) return parse_file(*path, *path);
  return invalid("Which service? Give --connection-string, --connection-string-file or set MUSTER_CONNECTION_STRING.");
}

HttpClientOptions http_options(const ConnectionOptions& options, const Environment& environment) {
  const auto given_or = [&](const std::string& given, const char* variable) {
    return given.empty() ? environment(variable).value_or("") : given;
  };
  HttpClientOptions out;
  out.ca_file = given_or(options.ca_file, "MUSTER_CA");
  out.connect_to = given_or(options.connect_to, "MUSTER_CONNECT_TO");
  return out;
}

}  // namespace muster::cli
