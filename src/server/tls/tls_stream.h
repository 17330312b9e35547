#pragma once

#include <memory>

#include <openssl/types.h>

#include "server/net/stream.h"
#include "server/tls/tls_context.h"

namespace muster::server {

struct TlsSessionFree {
  void operator()(SSL* ssl) const;
};

/// TLS over one accepted socket. OpenSSL works on the socket itself. Failures have OpenSSL's reason in `detail`.
class TlsStream final : public SocketStream {
 public:
  TlsStream(asio::ip::tcp::socket socket, const TlsContext& context);

  asio::awaitable<Result<void>> handshake() override;
  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> out) override;
  Result<std::size_t> write_now(ByteView octets) override;
  [[nodiscard]] bool has_buffered() const override;
  [[nodiscard]] std::optional<ClientCertificates> client_certificates() const override;
  [[nodiscard]] Transport transport() const override { return Transport::kTls; }

 private:
  [[nodiscard]] Wait write_wait() const override;
  /// close_notify (RFC 8446 section 6.1).
  void say_goodbye() override;
  /// Waits for what OpenSSL lacks after `outcome`, or says why it cannot go on.
  asio::awaitable<Result<void>> wait_as_told(int outcome);
  Error failure(int outcome);

  std::unique_ptr<SSL, TlsSessionFree> ssl_;
  std::shared_ptr<crypto::CertificatePool> issuers_;
};

}  // namespace muster::server
