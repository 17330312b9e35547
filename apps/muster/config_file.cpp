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

Result<ConfiguredValue> read_setting(const ConfigFile& file, std::string_view section, std::string_view key,
                                     const toml::node& node) {
  const std::string where = place(file, node.source());
  const auto settings = serve_settings();
  const auto found =
      std::ranges::find_if(settings, [&](const auto& s) { return s.section == section && s.key == key; });
  if (found == settings.end()) return invalid(fmt::format("{}: unknown key '{}'", where, full_key(section, key)));
  auto values = values_of(node, found->type);
  if (!values) return invalid(fmt::format("{}: '{}' must be {}", where, full_key(section, key), describe(found->type)));
  return ConfiguredValue{&*found, where, *std::move(values)};
}

Result<std::vector<ConfiguredValue>> read_table(const ConfigFile& file, std::string_view section,
                                                const toml::table& table) {
  std::vector<ConfiguredValue> out;
  for (const auto& [key, node] : table) {
    if (section.empty() && node.is_table() && is_section(key.str())) {
      auto inner = read_table(file, key.str(), *node.as_table());
      if (!inner) return inner;
      std::ranges::move(*inner, std::back_inserter(out));
      continue;
    }
    auto value = read_setting(file, section, key.str(), node);
    if (!value) return std::unexpected(value.error());
    out.push_back(*std::move(value));
  }
  return out;
}

}  // namespace

Result<std::vector<ConfiguredValue>> read_config(const ConfigFile& file) {
  try {
    return read_table(file, "", toml::parse(file.text, file.name));
  } catch (const toml::parse_error& error) {
    return invalid(fmt::format("{}: {}", place(file, error.source()), error.description()));
  }
}

}  // namespace muster::cli
