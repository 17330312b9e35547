#pragma once

#include <memory>
#include <optional>
#include <span>

#include <openssl/types.h>

#include "base/bytes.h"
#include "base/result.h"
#include "server/http/message.h"
#include "server/net/asio.h"
#include "server/tls/tls_context.h"

namespace muster::server {

struct TlsSessionFree {
  void operator()(SSL* ssl) const;
};

/// TLS over one accepted socket. OpenSSL works on the socket itself, so an idle connection holds no buffers.
///
/// Lives on one thread. At most one coroutine waits in it at a time. Failures are kUnavailable with OpenSSL's reason in
/// `detail`; after one of them only destruction makes sense. Writing to a closed peer raises SIGPIPE, which the
/// server ignores for the whole process (Server::start).
class TlsStream {
 public:
  TlsStream(asio::ip::tcp::socket socket, const TlsContext& context);

  asio::awaitable<Result<void>> handshake();
  /// Waits until there is something to read, holding no buffer meanwhile.
  asio::awaitable<Result<void>> wait_readable();
  /// Some octets into `out`, at least one; 0 when the peer ended the connection properly. `out` is written to only
  /// just before the return, so that it may be shared between connections of a thread.
  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> out);
  /// As many octets as go out without waiting.
  Result<std::size_t> write_now(ByteView octets);
  asio::awaitable<Result<void>> write_all(ByteView octets);

  /// Tells the peer that nothing follows, as far as that goes without waiting: close_notify, then the end of TCP's
  /// half.
  void shut_down();
  /// Throws away what the peer still sends, until it closes too or interrupt(): closing with unread octets would make
  /// TCP discard the answer on its way (RFC 9112 section 9.6).
  asio::awaitable<void> drain();

  /// Octets have been received that read_some() can look at without waiting.
  [[nodiscard]] bool has_buffered() const;
  /// What the peer proved in the handshake; nothing when it presented no certificate.
  [[nodiscard]] std::optional<ClientCertificates> client_certificates() const;

  /// Makes the wait under way, and every later one, fail at once.
  void interrupt();
  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }

  /// Takes interrupt() back, to answer before closing.
  void resume() { interrupted_ = false; }

 private:
  using Wait = asio::ip::tcp::socket::wait_type;
  asio::awaitable<Result<void>> wait(Wait what);
  /// Waits for what OpenSSL lacks after `outcome`, or says why it cannot go on.
  asio::awaitable<Result<void>> wait_as_told(int outcome);
  Error failure(int outcome);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<SSL, TlsSessionFree> ssl_;
  bool interrupted_ = false;
  bool broken_ = false;
};

}  // namespace muster::server
