#include "server/net/stream.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace muster::server {
namespace {

/// For when there is nothing to wait for.
asio::awaitable<Result<void>> go_on() {
  co_return Result<void>();
}

}  // namespace

Error connection_lost(std::string detail) {
  return Error{ErrorCode::kUnavailable, "Connection lost.", std::move(detail)};
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

SocketStream::SocketStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code error;
  socket_.native_non_blocking(true, error);
  broken_ = error.failed();
}

asio::awaitable<Result<void>> SocketStream::wait_readable() {
  // No coroutine around another: every request of a connection that stays comes by here.
  return has_buffered() ? go_on() : wait(Wait::wait_read);
}

asio::awaitable<Result<void>> SocketStream::write_all(ByteView octets) {
  while (!octets.empty()) {
    const auto sent = write_now(octets);
    if (!sent) co_return std::unexpected(sent.error());
    octets = octets.subspan(*sent);
    if (octets.empty()) break;
    auto waited = co_await wait(write_wait());
    if (!waited) co_return waited;
  }
  co_return Result<void>();
}

void SocketStream::shut_down() {
  say_goodbye();
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> SocketStream::drain() {
  std::array<std::uint8_t, 4096> dropped;
  for (;;) {
    const ssize_t count = ::recv(socket_.native_handle(), dropped.data(), dropped.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && !would_block(errno))) co_return;
    // Waiting also after a full read keeps one busy sender from holding the thread.
    if (!(co_await wait(Wait::wait_read))) co_return;
  }
}

void SocketStream::interrupt() {
  interrupted_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

asio::awaitable<Result<void>> SocketStream::wait(Wait what) {
  if (interrupted_) co_return std::unexpected(connection_lost("interrupted"));
  const auto [error] = co_await socket_.async_wait(what, asio::as_tuple(asio::deferred));
  if (interrupted_) co_return std::unexpected(connection_lost("interrupted"));
  if (error) co_return std::unexpected(connection_lost(error.message()));
  co_return Result<void>();
}

}  // namespace muster::server
