#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "server/http/message.h"
#include "server/net/asio.h"

namespace muster::server {

/// The octets of one accepted connection: plain TCP (PlainStream), TLS over it (TlsStream), or what WebSocket carries
/// over one of these.
///
/// Lives on one thread. At most one coroutine waits in it at a time. Failures are kUnavailable with the reason in
/// `detail`; after one of them only destruction makes sense.
class Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// What has to happen before octets flow. Called once, first.
  virtual asio::awaitable<Result<void>> handshake() = 0;
  /// Waits until there is something to read, holding no buffer meanwhile.
  virtual asio::awaitable<Result<void>> wait_readable() = 0;
  /// Some octets into `out`, at least one; 0 when the peer ended the connection properly. `out` is written to only
  /// just before the return, so that it may be shared between connections of a thread.
  virtual asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> out) = 0;
  /// As many octets as go out without waiting.
  virtual Result<std::size_t> write_now(ByteView octets) = 0;
  virtual asio::awaitable<Result<void>> write_all(ByteView octets) = 0;

  /// Tells the peer that nothing follows, as far as that goes without waiting.
  virtual void shut_down() = 0;
  /// Throws away what the peer still sends, until it closes too or interrupt(): closing with unread octets would make
  /// TCP discard the answer on its way (RFC 9112 section 9.6).
  virtual asio::awaitable<void> drain() = 0;

  /// Octets have been received that read_some() can look at without waiting.
  [[nodiscard]] virtual bool has_buffered() const = 0;
  /// What the peer proved in the handshake; nothing when it presented no certificate.
  [[nodiscard]] virtual std::optional<ClientCertificates> client_certificates() const = 0;
  [[nodiscard]] virtual Transport transport() const = 0;

  /// Makes the wait under way, and every later one, fail at once.
  virtual void interrupt() = 0;
  /// Takes interrupt() back, to answer before closing.
  virtual void resume() = 0;
  [[nodiscard]] virtual asio::any_io_executor executor() = 0;
};

/// A stream straight on a socket, which it makes non-blocking, so that an idle connection holds no buffers. Writing to
/// a closed peer may raise SIGPIPE, which the server ignores for the whole process (Server::start).
class SocketStream : public Stream {
 public:
  explicit SocketStream(asio::ip::tcp::socket socket);

  asio::awaitable<Result<void>> wait_readable() override;
  asio::awaitable<Result<void>> write_all(ByteView octets) override;
  void shut_down() override;
  asio::awaitable<void> drain() override;
  void interrupt() override;
  void resume() override { interrupted_ = false; }
  [[nodiscard]] asio::any_io_executor executor() override { return socket_.get_executor(); }

 protected:
  using Wait = asio::ip::tcp::socket::wait_type;

  asio::awaitable<Result<void>> wait(Wait what);
  /// What a write that could not go on waits for.
  [[nodiscard]] virtual Wait write_wait() const { return Wait::wait_write; }
  /// The last words of the protocol over TCP, if it has any; must not wait.
  virtual void say_goodbye() {}

  asio::ip::tcp::socket socket_;
  bool broken_ = false;

 private:
  bool interrupted_ = false;
};

/// The error of a connection that is gone.
Error connection_lost(std::string detail);

/// Of an errno: the call may succeed later.
bool would_block(int error);

}  // namespace muster::server
