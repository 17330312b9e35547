#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hub/sink_settings.h"
#include "muster/serve_settings.h"
#include "muster/setting_values.h"

namespace muster::cli {

inline constexpr std::string_view kSinkTable = "hub.sink";

/// One thing that a sink can be told: a key of [[hub.sink]].
struct SinkSetting {
  std::string_view key;
  SettingType type;
  /// As of ServeSetting.
  Result<void> (*apply)(hub::SinkSettings& sink, Values values);
};

std::span<const SinkSetting> sink_settings();

/// Whether all of it together makes a sink. The message says what is missing, or said for nothing.
Result<void> check_sink(const hub::SinkSettings& sink);

}  // namespace muster::cli
