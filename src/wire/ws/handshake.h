#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace muster::wire::ws {

/// The only version of the protocol that is in use (RFC 6455 section 4.1).
inline constexpr std::string_view kVersion = "13";

/// Whether a Sec-WebSocket-Key is base64 of 16 octets (4.2.1).
bool is_key(std::string_view key);

/// Sec-WebSocket-Accept: how a server shows that it has understood the request with this key (4.2.2).
std::string accept_value(std::string_view key);

}  // namespace muster::wire::ws
