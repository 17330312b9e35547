#include "muster/connection.h"

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "muster/files.h"
#include "muster/profiles.h"

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

Result<ServiceAccess> access(Result<wire::ConnectionString> connection, HttpClientOptions http) {
  if (!connection) return std::unexpected(connection.error());
  return ServiceAccess{*std::move(connection), std::move(http)};
}

/// nullopt: there is no profile, and none was asked for.
Result<std::optional<ServiceAccess>> by_profile(std::string name, HttpClientOptions http,
                                                const Environment& environment) {
  const bool asked = !name.empty();
  const auto file = profiles_file(environment);
  if (!file && !asked) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  const auto profiles = read_profiles(*file);
  if (!profiles) return std::unexpected(profiles.error());
  if (!asked) name = profiles->current;
  const auto found = profiles->by_name.find(name);
  if (found == profiles->by_name.end()) {
    if (name.empty()) return std::nullopt;
    return invalid(fmt::format("There is no profile {} in {}.", name, file->string()));
  }
  if (http.ca_file.empty()) http.ca_file = found->second.ca_file;
  if (http.connect_to.empty()) http.connect_to = found->second.connect_to;
  auto found_access = access(parse(found->second.connection_string, fmt::format("Profile {}", name)), std::move(http));
  if (!found_access) return std::unexpected(found_access.error());
  return *std::move(found_access);
}

Result<void> check_one_is_given(const ConnectionOptions& options) {
  const int given = (options.connection_string.empty() ? 0 : 1) + (options.connection_string_file.empty() ? 0 : 1) +
                    (options.profile.empty() ? 0 : 1);
  if (given > 1) return invalid("Give only one of --connection-string, --connection-string-file and --profile.");
  return {};
}

}  // namespace

Result<ServiceAccess> find_service(const ConnectionOptions& options, const Environment& environment) {
  if (auto checked = check_one_is_given(options); !checked) return std::unexpected(checked.error());
  HttpClientOptions http = http_options(options, environment);
  if (!options.connection_string.empty()) return access(parse(options.connection_string, "--connection-string"), http);
  if (!options.connection_string_file.empty()) {
    return access(parse_file(options.connection_string_file, options.connection_string_file), http);
  }
  if (options.profile.empty()) {
    if (auto text = environment("MUSTER_CONNECTION_STRING")) {
      return access(parse(*std::move(text), "MUSTER_CONNECTION_STRING"), http);
    }
    if (const auto path = environment("MUSTER_CONNECTION_STRING_FILE")) return access(parse_file(*path, *path), http);
  }
  auto found = by_profile(options.profile.empty() ? environment("MUSTER_PROFILE").value_or("") : options.profile,
                          std::move(http), environment);
  if (!found) return std::unexpected(found.error());
  if (*found) return **std::move(found);
  return invalid(
      "Which service? Give --connection-string, --connection-string-file or --profile, set MUSTER_CONNECTION_STRING, "
      "or "
      "make a profile with `muster profile add`.");
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
