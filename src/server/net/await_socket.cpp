#include "server/net/await_socket.h"

namespace muster::server {

asio::awaitable<boost::system::error_code> await_socket(asio::ip::tcp::socket& socket,
                                                        asio::ip::tcp::socket::wait_type what) {
  boost::system::error_code error;
  co_await socket.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

}  // namespace muster::server
