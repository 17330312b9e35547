#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The octets of a text, not copied.
ByteView as_bytes(std::string_view text);
/// The text made of these octets, not copied.
std::string_view as_text(ByteView bytes);

std::string hex_lower(ByteView bytes);
std::string hex_upper(ByteView bytes);
/// Hexadecimal digits of either case to octets; nullopt on an odd count or a foreign character.
std::optional<Bytes> from_hex(std::string_view text);
/// The octet of two such digits; nullopt when `text` is anything else.
std::optional<std::uint8_t> octet_from_hex(std::string_view text);

/// RFC 4648 section 4, padded.
std::string to_base64(ByteView bytes);
/// RFC 4648 section 4; the alphabet and the padding must be exact, nothing else may be present.
std::optional<Bytes> from_base64(std::string_view text);

/// RFC 4648 section 6 in lower case, without padding.
std::string to_base32_lower(ByteView bytes);

}  // namespace muster
