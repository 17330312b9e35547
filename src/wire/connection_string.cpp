#include "wire/connection_string.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

constexpr std::size_t kMaxLength = 4096;
constexpr std::size_t kMaxNamedLength = 32;

enum Member : std::size_t { kHostName, kKeyName, kKey };
constexpr std::array<std::string_view, 3> kNames{"HostName", "SharedAccessKeyName", "SharedAccessKey"};

std::optional<std::size_t> member_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (equals_nocase(name, kNames[i])) return i;
  }
  return std::nullopt;
}

/// The name for a message. Only what looks like a name is repeated: a misplaced key must not reach a log.
std::string shown(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  return plain && !name.empty() && name.size() <= kMaxNamedLength ? std::string(name) : "(unreadable name)";
}

using Values = std::array<std::optional<std::string_view>, kNames.size()>;

Result<Values> split_members(std::string_view text) {
  Values values;
  Splitter parts(text, ';');
  while (const auto part = parts.next()) {
    if (trim(*part).empty()) continue;
    const auto pair = split_pair(*part);
    if (!pair) return invalid("Connection string: a member has no value.");
    const std::string_view name = trim(pair->first);
    const auto member = member_named(name);
    if (!member) return invalid(fmt::format("Connection string: unknown member {}.", shown(name)));
    if (values[*member]) return invalid(fmt::format("Connection string: {} is repeated.", kNames[*member]));
    values[*member] = trim(pair->second);
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!values[i] || values[i]->empty()) return invalid(fmt::format("Connection string: {} is missing.", kNames[i]));
  }
  return values;
}

bool is_printable_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<ConnectionString> parse_connection_string(std::string_view text) {
  if (text.size() > kMaxLength) {
    return invalid(fmt::format("Connection string: longer than {} characters.", kMaxLength));
  }
  const auto values = split_members(text);
  if (!values) return std::unexpected(values.error());
  for (const Member member : {kHostName, kKeyName}) {
    if (is_printable_word(*(*values)[member])) continue;
    return invalid(fmt::format("Connection string: {} holds a foreign character.", kNames[member]));
  }
  auto key = from_base64(*(*values)[kKey]);
  if (!key) return invalid("Connection string: SharedAccessKey is not base64.");
  return ConnectionString{.host_name = std::string(*(*values)[kHostName]),
                          .key_name = std::string(*(*values)[kKeyName]),
                          .key = SecretBytes(std::move(*key))};
}

std::string format_connection_string(const ConnectionString& value) {
  std::string key = to_base64(value.key.reveal());
  std::string out = fmt::format("{}={};{}={};{}={}", kNames[kHostName], value.host_name, kNames[kKeyName],
                                value.key_name, kNames[kKey], key);
  wipe(key);
  return out;
}

}  // namespace muster::wire
