#include "muster/profiles.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/file.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 1024UL * 1024;
constexpr std::size_t kMaxName = 64;

Result<std::string> text_of(const toml::table& table, std::string_view member, std::string_view where) {
  const toml::node* node = table.get(member);
  if (node == nullptr) return std::string();
  const auto text = node->value_exact<std::string>();
  if (!text) return invalid(fmt::format("{}: {} must be a string.", where, member));
  return *text;
}

Result<Profile> read_profile(const toml::table& table, std::string_view where) {
  Profile profile;
  for (const auto& [member, target] : {std::pair{"connection_string", &profile.connection_string},
                                       {"ca", &profile.ca_file},
                                       {"connect_to", &profile.connect_to}}) {
    auto text = text_of(table, member, where);
    if (!text) return std::unexpected(text.error());
    *target = *std::move(text);
  }
  return profile;
}

Result<Profiles> read_tables(const toml::table& root, const std::string& file) {
  Profiles out;
  auto current = text_of(root, "current", file);
  if (!current) return std::unexpected(current.error());
  out.current = *std::move(current);
  const toml::table* named = root["profile"].as_table();
  if (named == nullptr) return out;
  for (const auto& [name, node] : *named) {
    const std::string where = fmt::format("{}: profile {}", file, name.str());
    if (!node.is_table()) return invalid(where + " must be a table.");
    auto profile = read_profile(*node.as_table(), where);
    if (!profile) return std::unexpected(profile.error());
    out.by_name.emplace(std::string(name.str()), *std::move(profile));
  }
  return out;
}

void put_unless_empty(toml::table& table, std::string_view member, const std::string& text) {
  if (!text.empty()) table.insert(member, text);
}

}  // namespace

Result<fs::path> profiles_file(const Environment& environment) {
  if (const auto folder = environment("XDG_CONFIG_HOME")) return fs::path(*folder) / "muster" / "profiles.toml";
  if (const auto home = environment("HOME")) return fs::path(*home) / ".config" / "muster" / "profiles.toml";
  return invalid("Where are the profiles? Neither XDG_CONFIG_HOME nor HOME is set.");
}

Result<Profiles> read_profiles(const fs::path& file) {
  const auto text = muster::read_file(file, kMaxFile);
  if (!text && text.error().code == ErrorCode::kNotFound) return Profiles();
  if (!text) return std::unexpected(text.error());
  try {
    return read_tables(toml::parse(*text), file.string());
  } catch (const toml::parse_error& error) {
    // Its description could quote a key.
    return invalid(fmt::format("{} line {} is not TOML.", file.string(), error.source().begin.line));
  }
}

Result<void> write_profiles(const fs::path& file, const Profiles& profiles) {
  toml::table named;
  for (const auto& [name, profile] : profiles.by_name) {
    toml::table table;
    put_unless_empty(table, "connection_string", profile.connection_string);
    put_unless_empty(table, "ca", profile.ca_file);
    put_unless_empty(table, "connect_to", profile.connect_to);
    named.insert(name, std::move(table));
  }
  toml::table root;
  put_unless_empty(root, "current", profiles.current);
  root.insert("profile", std::move(named));
  std::ostringstream text;
  text << root << '\n';
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  if (failed) return invalid(fmt::format("{}: {}", file.parent_path().string(), failed.message()));
  return muster::write_file(file, text.str(), FileAccess::kOwner);
}

std::optional<std::string> exposed(const fs::path& file) {
  std::error_code failed;
  const auto status = fs::status(file, failed);
  constexpr auto kOthers = fs::perms::group_all | fs::perms::others_all;
  if (failed || !fs::exists(status) || (status.permissions() & kOthers) == fs::perms::none) return std::nullopt;
  return fmt::format("{} holds keys and others can read it: chmod 600 it.", file.string());
}

Result<void> check_profile_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (!name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, allowed)) return {};
  return invalid("A profile's name has 1 to 64 letters, digits, '-', '_' and '.'.");
}

}  // namespace muster::cli
