#include "wire/ws/handshake.h"

#include <fmt/format.h>

#include "crypto/digest.h"

namespace muster::wire::ws {

bool is_key(std::string_view key) {
  constexpr std::size_t kKeyOctets = 16;
  const auto octets = from_base64(key);
  return octets && octets->size() == kKeyOctets;
}

std::string accept_value(std::string_view key) {
  // The name of the protocol, fixed by RFC 6455 section 1.3; no secret.
  constexpr std::string_view kProtocolGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return to_base64(crypto::sha1(as_bytes(fmt::format("{}{}", key, kProtocolGuid))));
}

}  // namespace muster::wire::ws
