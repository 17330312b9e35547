#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "muster/serve_options.h"

namespace muster::cli {

/// The TOML type of a setting. Flags and environment give text, which is read as this type.
enum class SettingType { kText, kTextList, kInteger, kBoolean };

/// One thing that `muster serve` can be told, wherever it is told.
struct ServeSetting {
  std::string_view section;  ///< TOML table; empty: top level
  std::string_view key;      ///< TOML key
  SettingType type;
  std::string_view environment;  ///< name of the variable; empty: file only
  std::string_view flag;         ///< name of the option with its dashes; empty: file only
  std::string_view metavar;      ///< how the help names the flag's value
  std::string_view help;
  /// Stores the values, as texts; exactly one unless the type is kTextList. The message says what is wrong with them.
  Result<void> (*apply)(ServeOptions& options, std::span<const std::string> values);
};

std::span<const ServeSetting> serve_settings();

}  // namespace muster::cli
