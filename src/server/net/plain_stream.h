#pragma once

#include "server/net/stream.h"

namespace muster::server {

/// TCP without TLS, for the operations listener.
class PlainStream final : public SocketStream {
 public:
  using SocketStream::SocketStream;

  asio::awaitable<Result<void>> handshake() override;
  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> out) override;
  Result<std::size_t> write_now(ByteView octets) override;
  [[nodiscard]] bool has_buffered() const override { return false; }
  [[nodiscard]] std::optional<ClientCertificates> client_certificates() const override { return std::nullopt; }
  [[nodiscard]] Transport transport() const override { return Transport::kPlain; }
};

}  // namespace muster::server
