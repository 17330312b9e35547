#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::wire::ws {

/// Names and values of HTTP headers, in their order.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// A request that becomes a WebSocket.
struct Upgrade {
  std::size_t sub_protocol = 0;  ///< which of the known ones
  HeaderList headers;            ///< of the answer with status 101
};

/// Why there is no WebSocket, and what the answer says besides.
struct UpgradeRefusal {
  int status = 400;
  std::string reason;
  HeaderList headers = {};
};

/// Whether a client asks for a WebSocket: GET with `Upgrade: websocket`. In HTTP/1.0 the header means nothing (RFC 9110
/// section 7.8), so such requests do not come here.
bool asks_for_web_socket(std::string_view method, const HeaderList& headers);

/// Answers such a request (RFC 6455 section 4.2.2, device-api.md 8): the first of the sub-protocols it offers that is
/// known, without regard to case, repeated as the client spelt it. Path, query, Host and Origin mean nothing. No
/// extension is ever agreed upon.
std::expected<Upgrade, UpgradeRefusal> answer_upgrade(const HeaderList& headers,
                                                      std::span<const std::string_view> known);

}  // namespace muster::wire::ws
