#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::wire {

/// Escapes everything but RFC 3986 unreserved characters, upper-case hexadecimal.
std::string percent_encode(std::string_view text);
/// Decodes %xx once; '+' stays '+'. nullopt on a broken escape.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace muster::wire
