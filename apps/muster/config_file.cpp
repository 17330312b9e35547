#include "muster/config_file.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace muster::cli {
namespace {

std::string place(const ConfigFile& file, const toml::source_region& region) {
  return fmt::format("{} line {}", file.name, region.begin.line);
}

std::string full_key(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

std::string_view describe(SettingType type) {
  switch (type) {
    case SettingType::kText:
      return "a string";
    case SettingType::kTextList:
      return "a string or an array of strings";
    case SettingType::kInteger:
      return "an integer";
    case SettingType::kBoolean:
      return "true or false";
  }
  return "";
}

std::optional<std::vector<std::string>> texts_of(const toml::array& array) {
  std::vector<std::string> out;
  for (const toml::node& item : array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return std::nullopt;
    out.push_back(*text);
  }
  return out;
}

/// The value as texts when it has the type of the setting.
std::optional<std::vector<std::string>> values_of(const toml::node& node, SettingType type) {
  using Texts = std::vector<std::string>;
  if (type == SettingType::kTextList && node.is_array()) return texts_of(*node.as_array());
  if (type == SettingType::kText || type == SettingType::kTextList) {
    if (const auto text = node.value_exact<std::string>()) return Texts{*text};
  }
  if (type == SettingType::kInteger) {
    if (const auto number = node.value_exact<std::int64_t>()) return Texts{std::to_string(*number)};
  }
  if (type == SettingType::kBoolean) {
    if (const auto flag = node.value_exact<bool>()) return Texts{*flag ? "true" : "false"};
  }
  return std::nullopt;
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(serve_settings(), [&](const ServeSetting& s) { return s.section == name; });
}

/// A value of `settings`; `section` is for messages.
template <class Setting>
Result<std::vector<std::string>> read_values(const ConfigFile& file, std::string_view section, const Setting& setting,
                                             const toml::node& node) {
  auto values = values_of(node, setting.type);
  if (values) return *std::move(values);
  return invalid(fmt::format("{}: '{}' must be {}", place(file, node.source()), full_key(section, setting.key),
                             describe(setting.type)));
}

std::unexpected<Error> unknown_key(const ConfigFile& file, std::string_view section, std::string_view key,
                                   const toml::node& node) {
  return invalid(fmt::format("{}: unknown key '{}'", place(file, node.source()), full_key(section, key)));
}

Result<ConfiguredValue> read_setting(const ConfigFile& file, std::string_view section, std::string_view key,
                                     const toml::node& node) {
  const auto settings = serve_settings();
  const auto found =
      std::ranges::find_if(settings, [&](const auto& s) { return s.section == section && s.key == key; });
  if (found == settings.end()) return unknown_key(file, section, key, node);
  auto values = read_values(file, section, *found, node);
  if (!values) return std::unexpected(values.error());
  return ConfiguredValue{&*found, place(file, node.source()), *std::move(values)};
}

Result<ConfiguredSink> read_sink(const ConfigFile& file, const toml::table& table) {
  ConfiguredSink out{.source = place(file, table.source()), .values = {}};
  const auto settings = sink_settings();
  for (const auto& [key, node] : table) {
    const auto found = std::ranges::find_if(settings, [&](const SinkSetting& s) { return s.key == key.str(); });
    if (found == settings.end()) return unknown_key(file, kSinkTable, key.str(), node);
    auto values = read_values(file, kSinkTable, *found, node);
    if (!values) return std::unexpected(values.error());
    out.values.push_back({&*found, place(file, node.source()), *std::move(values)});
  }
  return out;
}

Result<void> read_sinks(const ConfigFile& file, const toml::node& node, Configured& out) {
  const toml::array* tables = node.as_array();
  if (tables == nullptr || !tables->is_array_of_tables()) {
    return invalid(
        fmt::format("{}: '{}' must be an array of tables: [[{}]]", place(file, node.source()), kSinkTable, kSinkTable));
  }
  for (const toml::node& table : *tables) {
    auto sink = read_sink(file, *table.as_table());
    if (!sink) return std::unexpected(sink.error());
    out.sinks.push_back(*std::move(sink));
  }
  return {};
}

Result<void> read_table(const ConfigFile& file, std::string_view section, const toml::table& table, Configured& out) {
  for (const auto& [key, node] : table) {
    Result<void> read;
    if (section.empty() && node.is_table() && is_section(key.str())) {
      read = read_table(file, key.str(), *node.as_table(), out);
    } else if (full_key(section, key.str()) == kSinkTable) {
      read = read_sinks(file, node, out);
    } else if (auto value = read_setting(file, section, key.str(), node)) {
      out.values.push_back(*std::move(value));
    } else {
      read = std::unexpected(value.error());
    }
    if (!read) return read;
  }
  return {};
}

}  // namespace

Result<Configured> read_config(const ConfigFile& file) {
  try {
    Configured out;
    if (auto read = read_table(file, "", toml::parse(file.text, file.name), out); !read) {
      return std::unexpected(read.error());
    }
    return out;
  } catch (const toml::parse_error& error) {
    return invalid(fmt::format("{}: {}", place(file, error.source()), error.description()));
  }
}

}  // namespace muster::cli
