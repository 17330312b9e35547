#pragma once

#include <string>

#include "muster/http.h"
#include "muster/program.h"

namespace muster::cli {

/// How octets of a transport other than "http" reach `host` ("dps.example.net", "dps.example.net:9883"): over TLS on
/// the transport's own port, with WebSocket in between or not. kInvalidArgument for a host that is none. The program
/// outlives what is returned.
Result<OpenChannel> channel_to(const Program& program, const std::string& host, const std::string& transport,
                               HttpClientOptions network);

}  // namespace muster::cli
