#include "wire/ws/upgrade.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "wire/split.h"
#include "wire/ws/handshake.h"

namespace muster::wire::ws {
namespace {

/// All members of the comma-separated lists in headers of this name (RFC 9110 section 5.3).
std::vector<std::string_view> list_header(const HeaderList& headers, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : headers) {
    if (!equals_nocase(key, name)) continue;
    Splitter members(value, ',');
    while (const auto member = members.next()) {
      if (const auto text = trim(*member); !text.empty()) out.push_back(text);
    }
  }
  return out;
}

bool lists(const HeaderList& headers, std::string_view name, std::string_view wanted) {
  return std::ranges::any_of(list_header(headers, name), [&](auto each) { return equals_nocase(each, wanted); });
}

/// The only value of a header that may stand once.
std::optional<std::string_view> single_header(const HeaderList& headers, std::string_view name) {
  std::optional<std::string_view> out;
  for (const auto& [key, value] : headers) {
    if (!equals_nocase(key, name)) continue;
    if (out) return std::nullopt;
    out = value;
  }
  return out;
}

std::unexpected<UpgradeRefusal> refuse(std::string reason) {
  return std::unexpected(UpgradeRefusal{400, std::move(reason)});
}

/// The name as offered, and which one it is.
std::optional<std::pair<std::string_view, std::size_t>> choose(const HeaderList& headers,
                                                               std::span<const std::string_view> known) {
  for (const std::string_view offered : list_header(headers, "Sec-WebSocket-Protocol")) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (equals_nocase(known[i], offered)) return std::pair(offered, i);
    }
  }
  return std::nullopt;
}

}  // namespace

bool asks_for_web_socket(std::string_view method, const HeaderList& headers) {
  return method == "GET" && lists(headers, "Upgrade", "websocket");
}

std::expected<Upgrade, UpgradeRefusal> answer_upgrade(const HeaderList& headers,
                                                      std::span<const std::string_view> known) {
  if (!lists(headers, "Connection", "Upgrade")) return refuse("Connection: Upgrade is missing.");
  if (single_header(headers, "Sec-WebSocket-Version") != kVersion) {
    // RFC 6455 section 4.4, RFC 9110 section 15.5.22.
    return std::unexpected(UpgradeRefusal{
        426,
        "WebSocket version 13 is required.",
        {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", std::string(kVersion)}}});
  }
  const auto key = single_header(headers, "Sec-WebSocket-Key");
  if (!key || !is_key(*key)) return refuse("Sec-WebSocket-Key is missing or malformed.");
  const auto chosen = choose(headers, known);
  if (!chosen) return refuse("None of the offered WebSocket sub-protocols is spoken here.");
  return Upgrade{.sub_protocol = chosen->second,
                 .headers = {{"Upgrade", "websocket"},
                             {"Connection", "Upgrade"},
                             {"Sec-WebSocket-Accept", accept_value(*key)},
                             {"Sec-WebSocket-Protocol", std::string(chosen->first)}}};
}

}  // namespace muster::wire::ws
