#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "muster/serve_settings.h"
#include "muster/sink_options.h"

namespace muster::cli {

/// What a configuration file says about one setting.
struct ConfiguredValue {
  const ServeSetting* setting;
  std::string source;  ///< "muster.toml line 3", for errors about the values
  std::vector<std::string> values;
};

/// What it says about one sink.
struct ConfiguredSink {
  struct Value {
    const SinkSetting* setting;
    std::string source;
    std::vector<std::string> values;
  };
  std::string source;
  std::vector<Value> values;
};

struct Configured {
  std::vector<ConfiguredValue> values;
  std::vector<ConfiguredSink> sinks;
};

/// Reads TOML 1.0. kInvalidArgument with name and line for a syntax error, an unknown key and a value of a wrong type.
/// A list setting takes one string or an array of strings; [[hub.sink]] is an array of tables.
Result<Configured> read_config(const ConfigFile& file);

}  // namespace muster::cli
