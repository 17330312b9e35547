#pragma once

#include <string>

#include "base/random.h"
#include "muster/octet_channel.h"

namespace muster::cli {

/// Makes a WebSocket of a connection (RFC 6455, the client's side), on which binary messages are the octets; `host` as
/// in the URL, with the port when it is not 443. kUnavailable when the service does not agree; `random` outlives it.
Result<std::unique_ptr<OctetChannel>> open_web_socket(std::unique_ptr<OctetChannel> carrier, const std::string& host,
                                                      const std::string& sub_protocol, Random& random);

}  // namespace muster::cli
