#include "server/net/plain_stream.h"

#include <cerrno>
#include <system_error>

#include <sys/socket.h>

namespace muster::server {
namespace {

std::unexpected<Error> lost(int system_error) {
  return std::unexpected(connection_lost(std::generic_category().message(system_error)));
}

}  // namespace

asio::awaitable<Result<void>> PlainStream::handshake() {
  if (broken_) co_return std::unexpected(connection_lost("the socket cannot be used"));
  co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> PlainStream::read_some(std::span<std::uint8_t> out) {
  for (;;) {
    const ssize_t count = ::recv(socket_.native_handle(), out.data(), out.size(), MSG_DONTWAIT);
    if (count >= 0) co_return static_cast<std::size_t>(count);
    if (!would_block(errno)) co_return lost(errno);
    auto waited = co_await wait(Wait::wait_read);
    if (!waited) co_return std::unexpected(waited.error());
  }
}

Result<std::size_t> PlainStream::write_now(ByteView octets) {
  std::size_t sent = 0;
  while (sent < octets.size()) {
    const ssize_t count =
        ::send(socket_.native_handle(), octets.data() + sent, octets.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (would_block(errno)) return sent;
      return lost(errno);
    }
    sent += static_cast<std::size_t>(count);
  }
  return sent;
}

}  // namespace muster::server
