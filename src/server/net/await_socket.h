#pragma once

#include "server/net/asio.h"

namespace muster::server {

/// Waits until the socket can be read from or written to; the error of a wait that failed or was cancelled.
asio::awaitable<boost::system::error_code> await_socket(asio::ip::tcp::socket& socket,
                                                        asio::ip::tcp::socket::wait_type what);

}  // namespace muster::server
