#include "server/ws/web_socket_stream.h"

#include <algorithm>
#include <utility>

#include "server/net/read_buffer.h"

namespace muster::server {

using wire::ws::CloseCode;
using wire::ws::Opcode;
using wire::ws::Reader;

WebSocketStream::WebSocketStream(std::unique_ptr<Stream> carrier, Bytes received, WebSocketLimits limits)
    : carrier_(std::move(carrier)), reader_(wire::ws::Sender::kClient, limits.message), received_(std::move(received)) {
}

asio::awaitable<Result<void>> WebSocketStream::handshake() {
  co_return Result<void>();
}

asio::awaitable<Result<void>> WebSocketStream::wait_readable() {
  while (ready_.empty() && !peer_closed_ && !ended_) {
    const auto going_on = co_await receive();
    if (!going_on) co_return std::unexpected(going_on.error());
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> WebSocketStream::read_some(std::span<std::uint8_t> out) {
  auto readable = co_await wait_readable();
  if (!readable) co_return std::unexpected(readable.error());
  const std::size_t count = std::min(out.size(), ready_.size());
  std::ranges::copy(as_bytes(ready_).first(count), out.begin());
  ready_.erase(0, count);
  if (ready_.empty()) ready_ = {};
  co_return count;
}

asio::awaitable<Result<bool>> WebSocketStream::receive() {
  if (fault_) co_return std::unexpected(connection_lost(std::string(fault_->reason)));
  send_unsent();
  if (!received_.empty()) {
    Bytes first = std::exchange(received_, {});
    auto taken = take_frames(first);
    if (!taken) co_return std::unexpected(taken.error());
    co_return !peer_closed_;
  }
  auto readable = co_await carrier_->wait_readable();
  if (!readable) co_return std::unexpected(readable.error());
  const std::span<std::uint8_t> buffer = read_buffer();
  const auto count = co_await carrier_->read_some(buffer);
  if (!count) co_return std::unexpected(count.error());
  ended_ = *count == 0;
  auto taken = take_frames(buffer.first(*count));
  if (!taken) co_return std::unexpected(taken.error());
  co_return !ended_ && !peer_closed_;
}

Result<void> WebSocketStream::take_frames(std::span<std::uint8_t> octets) {
  while (!peer_closed_) {
    auto event = reader_.next(octets);
    if (!event) {
      fault_ = event.error();
      return std::unexpected(connection_lost(std::string(fault_->reason)));
    }
    if (std::holds_alternative<Reader::NeedMore>(*event)) break;
    if (const auto* data = std::get_if<Reader::Data>(&*event)) ready_.append(as_text(data->octets));
    if (const auto* ping = std::get_if<Reader::Ping>(&*event)) answer_ping(ping->payload);
    peer_closed_ = std::holds_alternative<Reader::Close>(*event);
  }
  return {};
}

/// A ping that comes while the answer to another one waits is not answered (RFC 6455 section 5.5.3 allows that), so a
/// peer that does not read cannot make anything grow.
void WebSocketStream::answer_ping(ByteView payload) {
  if (!unsent_.empty() || close_sent_) return;
  wire::ws::append_frame(unsent_, Opcode::kPong, payload, std::nullopt);
  send_unsent();
}

/// As much as goes out now. What does not follows with the next octets in either direction.
void WebSocketStream::send_unsent() {
  if (unsent_.empty() || message_left_ > 0) return;
  const auto sent = carrier_->write_now(unsent_);
  if (sent) unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(*sent));
  if (unsent_.empty()) unsent_ = {};
}

Bytes WebSocketStream::frame_of(ByteView octets) const {
  Bytes out;
  out.reserve(unsent_.size() + wire::ws::kMaxHeader + octets.size());
  out.insert(out.end(), unsent_.begin(), unsent_.end());
  if (message_left_ == 0) wire::ws::append_header(out, Opcode::kBinary, octets.size(), std::nullopt);
  out.insert(out.end(), octets.begin(), octets.end());
  return out;
}

Result<std::size_t> WebSocketStream::write_now(ByteView octets) {
  if (octets.empty()) return 0;
  const std::size_t before = unsent_.size();
  Bytes frame = frame_of(octets);
  const std::size_t head = frame.size() - octets.size();
  const auto sent = carrier_->write_now(frame);
  if (!sent) return std::unexpected(sent.error());
  if (*sent < before || *sent == 0) {  // the message has not begun
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(*sent));
    return 0;
  }
  const std::size_t payload = *sent - std::min(*sent, head);
  frame.resize(head);
  frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(std::min(*sent, head)));
  unsent_ = std::move(frame);
  message_left_ = octets.size() - payload;
  return payload;
}

asio::awaitable<Result<void>> WebSocketStream::write_all(ByteView octets) {
  if (octets.empty()) co_return Result<void>();
  const Bytes frame = frame_of(octets);
  unsent_ = {};
  message_left_ = octets.size();  // after a failure no frame may follow
  auto done = co_await carrier_->write_all(frame);
  if (done) message_left_ = 0;
  co_return done;
}

void WebSocketStream::shut_down() {
  const CloseCode code = fault_ ? fault_->code : CloseCode::kNormal;
  if (message_left_ > 0 || std::exchange(close_sent_, true)) return;  // inside a message it would be payload
  wire::ws::append_close(unsent_, code, std::nullopt);
  send_unsent();
}

asio::awaitable<void> WebSocketStream::drain() {
  while (!fault_ && !peer_closed_ && !ended_ && message_left_ == 0) {
    ready_ = {};
    const auto going_on = co_await receive();
    if (!going_on || !*going_on) break;
  }
  carrier_->shut_down();
  co_await carrier_->drain();
}

}  // namespace muster::server
