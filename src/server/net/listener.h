#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/net/asio.h"

namespace muster::server {

/// SO_REUSEPORT would let two services share a port and the kernel spread devices over both, so a server looks first:
/// kUnavailable when anyone listens there, kInvalidArgument for a bad address. Port 0 is always free.
Result<void> check_port_is_free(const std::string& address, std::uint16_t port);

/// Opens `acceptor` on a textual IPv4 or IPv6 address and a port (0: any free one) and listens, with SO_REUSEPORT, so
/// that each thread of the server has its own queue of new connections and the kernel spreads them.
/// Returns the bound port; kInvalidArgument for a bad address, kUnavailable with the system's reason otherwise.
Result<std::uint16_t> open_listener(asio::ip::tcp::acceptor& acceptor, const std::string& address, std::uint16_t port);

}  // namespace muster::server
