#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/net/stream.h"
#include "wire/ws/reader.h"

namespace muster::server {

struct WebSocketLimits {
  std::uint64_t message = std::uint64_t{1} << 20U;  ///< octets of one message that is received, beyond: close 1009
};

/// What the binary messages of a WebSocket carry, as a stream of octets (RFC 6455, the server's side). Where messages
/// begin and end says nothing to the reader; each write_now(), with the write_all() that ends what it could not send,
/// or each write_all() by itself, makes one message.
///
/// Pings are answered while the stream is read or waited on. An idle stream holds no octets. Ending a wait by
/// interrupt() loses nothing: after resume() it goes on where it was.
class WebSocketStream final : public Stream {
 public:
  /// `carrier`: the connection after the answer to the upgrade; `received`: what came behind the request.
  WebSocketStream(std::unique_ptr<Stream> carrier, Bytes received, WebSocketLimits limits = {});

  /// Nothing: the carrier's is over, and the upgrade too.
  asio::awaitable<Result<void>> handshake() override;
  asio::awaitable<Result<void>> wait_readable() override;
  /// 0 after the peer's close frame, and also when its connection ends without one: what the messages carry is
  /// complete in itself or not, whatever the frame says.
  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> out) override;
  Result<std::size_t> write_now(ByteView octets) override;
  asio::awaitable<Result<void>> write_all(ByteView octets) override;

  /// The close frame: normal closure, or what the peer did wrong.
  void shut_down() override;
  /// Waits for the peer's close frame before it ends the carrier (RFC 6455 section 7.1.1).
  asio::awaitable<void> drain() override;

  [[nodiscard]] bool has_buffered() const override { return !ready_.empty() || carrier_->has_buffered(); }
  [[nodiscard]] std::optional<ClientCertificates> client_certificates() const override {
    return carrier_->client_certificates();
  }
  [[nodiscard]] Transport transport() const override { return carrier_->transport(); }
  void interrupt() override { carrier_->interrupt(); }
  void resume() override { carrier_->resume(); }
  [[nodiscard]] asio::any_io_executor executor() override { return carrier_->executor(); }

 private:
  /// Some octets from the carrier and what they mean. False: the peer has ended the connection.
  asio::awaitable<Result<bool>> receive();
  /// Moves payloads to ready_ and answers control frames.
  Result<void> take_frames(std::span<std::uint8_t> octets);
  void answer_ping(ByteView payload);
  void send_unsent();
  /// What goes out for `octets`: what is left of earlier frames, a header unless their message has begun, they.
  [[nodiscard]] Bytes frame_of(ByteView octets) const;

  std::unique_ptr<Stream> carrier_;
  wire::ws::Reader reader_;
  Bytes received_;                  ///< behind the upgrade, not looked at yet
  std::string ready_;               ///< payload for read_some()
  Bytes unsent_;                    ///< of pongs, of the close frame, of a header
  std::uint64_t message_left_ = 0;  ///< octets that a header has promised and no write has brought yet
  std::optional<wire::ws::Fault> fault_;
  bool close_sent_ = false;   ///< no frame may follow (5.5.1)
  bool peer_closed_ = false;  ///< by a close frame
  bool ended_ = false;        ///< no more comes from the carrier
};

}  // namespace muster::server
