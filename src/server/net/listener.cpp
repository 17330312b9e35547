#include "server/net/listener.h"

#include <cerrno>

#include <sys/socket.h>

namespace muster::server {
namespace {

using boost::system::error_code;

// Enough for a fleet that powers up at once; the kernel caps it at net.core.somaxconn.
constexpr int kBacklog = 4096;

error_code share_port(asio::ip::tcp::acceptor& acceptor) {
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) return {};
  return {errno, boost::system::system_category()};
}

error_code bind_and_listen(asio::ip::tcp::acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) error = share_port(acceptor);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (!error) acceptor.non_blocking(true, error);  // for those who take all that wait
  return error;
}

Result<asio::ip::tcp::endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return invalid("'" + address + "' is not an IP address to listen on.");
  return asio::ip::tcp::endpoint(ip, port);
}

std::unexpected<Error> cannot_listen(const asio::ip::tcp::endpoint& endpoint, const error_code& error) {
  return fail(ErrorCode::kUnavailable, "Cannot listen on " + endpoint.address().to_string() + " port " +
                                           std::to_string(endpoint.port()) + ": " + error.message() + ".");
}

}  // namespace

Result<void> check_port_is_free(const std::string& address, std::uint16_t port) {
  const auto endpoint = endpoint_of(address, port);
  if (!endpoint) return std::unexpected(endpoint.error());
  asio::io_context context;
  asio::ip::tcp::acceptor probe(context);
  error_code error;
  probe.open(endpoint->protocol(), error);
  if (!error) probe.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) probe.bind(*endpoint, error);
  if (error) return cannot_listen(*endpoint, error);
  return {};
}

Result<std::uint16_t> open_listener(asio::ip::tcp::acceptor& acceptor, const std::string& address, std::uint16_t port) {
  const auto endpoint = endpoint_of(address, port);
  if (!endpoint) return std::unexpected(endpoint.error());
  error_code error = bind_and_listen(acceptor, *endpoint);
  if (!error) {
    const auto bound = acceptor.local_endpoint(error);
    if (!error) return bound.port();
  }
  error_code ignored;
  acceptor.close(ignored);
  return cannot_listen(*endpoint, error);
}

}  // namespace muster::server
