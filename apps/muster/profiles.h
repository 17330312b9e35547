#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "muster/environment.h"

namespace muster::cli {

/// How one service is reached; what is empty is not set.
struct Profile {
  std::string connection_string;
  std::string ca_file;
  std::string connect_to;

  bool operator==(const Profile&) const = default;
};

/// The services that a user works with, by name.
struct Profiles {
  std::map<std::string, Profile> by_name;
  std::string current;  ///< used when a command names no service; empty: none

  bool operator==(const Profiles&) const = default;
};

/// $XDG_CONFIG_HOME/muster/profiles.toml, or ~/.config/muster/profiles.toml; kInvalidArgument when neither variable is
/// set.
Result<std::filesystem::path> profiles_file(const Environment& environment);

/// No profiles when there is no file. kInvalidArgument names the file and the line, never a value.
Result<Profiles> read_profiles(const std::filesystem::path& file);
/// For the owner's eyes only: it holds keys. Makes the folder when it is missing.
Result<void> write_profiles(const std::filesystem::path& file, const Profiles& profiles);

/// What is wrong with the file's permissions, for a warning; nullopt when only its owner can read it.
std::optional<std::string> exposed(const std::filesystem::path& file);

/// kInvalidArgument unless it is 1 to 64 letters, digits, '-', '_' and '.'.
Result<void> check_profile_name(const std::string& name);

}  // namespace muster::cli
