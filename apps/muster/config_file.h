#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "muster/serve_settings.h"

namespace muster::cli {

/// What a configuration file says about one setting.
struct ConfiguredValue {
  const ServeSetting* setting;
  std::string source;  ///< "muster.toml line 3", for errors about the values
  std::vector<std::string> values;
};

/// Reads TOML 1.0. kInvalidArgument with name and line for a syntax error, an unknown key and a value of a wrong type.
/// A list setting takes one string or an array of strings.
Result<std::vector<ConfiguredValue>> read_config(const ConfigFile& file);

}  // namespace muster::cli
