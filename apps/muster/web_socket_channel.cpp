#include "muster/web_socket_channel.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/ws/handshake.h"
#include "wire/ws/reader.h"

namespace muster::cli {
namespace {

using wire::ws::CloseCode;
using wire::ws::Opcode;
using wire::ws::Reader;

constexpr std::string_view kTarget = "/$iothub/websocket";  // as the SDKs have it (device-api.md 8)
constexpr std::size_t kMaxHead = std::size_t{16} * 1024;
constexpr std::uint64_t kMaxMessage = std::uint64_t{1} << 20U;
constexpr std::size_t kKeyOctets = 16;

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kUnavailable, fmt::format("The service does not speak this over WebSocket: {}", why));
}

class WebSocketChannel final : public OctetChannel {
 public:
  WebSocketChannel(std::unique_ptr<OctetChannel> carrier, Random& random)
      : carrier_(std::move(carrier)), random_(random) {}

  ~WebSocketChannel() override {
    if (!open_) return;
    Bytes close;
    wire::ws::append_close(close, CloseCode::kNormal, fresh_key());
    static_cast<void>(carrier_->send(close));  // nobody waits for what comes of it
  }

  Result<void> upgrade(const std::string& host, const std::string& sub_protocol) {
    const std::string key = to_base64(random_.bytes(kKeyOctets));
    const std::string request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {}\r\n"
        "Sec-WebSocket-Version: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
        kTarget, host, key, wire::ws::kVersion, sub_protocol);
    if (auto sent = carrier_->send(as_bytes(request)); !sent) return sent;
    auto head = read_head();
    if (!head) return std::unexpected(head.error());
    if (!head->starts_with("HTTP/1.1 101 ")) return refused(head->substr(0, head->find("\r\n")));
    const bool agreed = head->find(wire::ws::accept_value(key)) != std::string::npos;
    if (!agreed) return refused("the answer is not for this request");
    open_ = true;
    return {};
  }

  Result<void> send(ByteView octets) override {
    Bytes frame;
    wire::ws::append_frame(frame, Opcode::kBinary, octets, fresh_key());
    return carrier_->send(frame);
  }

  Result<Bytes> receive() override {
    return receive_from([this] { return carrier_->receive(); });
  }

  /// Each frame that brings nothing, a ping for one, gives the service the whole time again.
  Result<Bytes> receive_within(std::chrono::milliseconds wait) override {
    return receive_from([this, wait] { return carrier_->receive_within(wait); });
  }

 private:
  wire::ws::MaskingKey fresh_key() {
    wire::ws::MaskingKey key;
    random_.fill(key);
    return key;
  }

  /// Data out of what `more` gives; empty when that gives nothing.
  template <class More>
  Result<Bytes> receive_from(More more) {
    for (;;) {
      if (inbox_.empty()) {
        auto octets = more();
        if (!octets || octets->empty()) return octets;
        inbox_ = *std::move(octets);
      }
      std::span<std::uint8_t> rest(inbox_);
      auto data = take(rest);
      inbox_.erase(inbox_.begin(), inbox_.end() - static_cast<std::ptrdiff_t>(rest.size()));
      if (!data || !data->empty()) return data;
    }
  }

  /// The head of the answer; what comes behind it stays in the inbox.
  Result<std::string> read_head() {
    for (;;) {
      const std::string_view text = as_text(inbox_);
      if (const auto end = text.find("\r\n\r\n"); end != std::string_view::npos) {
        std::string head(text.substr(0, end + 2));
        inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(end + 4));
        return head;
      }
      if (inbox_.size() > kMaxHead) return refused("the answer is too long");
      auto more = carrier_->receive();
      if (!more) return std::unexpected(more.error());
      inbox_.insert(inbox_.end(), more->begin(), more->end());
    }
  }

  /// Payload of the octets, with control frames dealt with; empty when there is none.
  Result<Bytes> take(std::span<std::uint8_t>& rest) {
    for (;;) {
      const auto event = reader_.next(rest);
      if (!event) return fail(ErrorCode::kUnavailable, fmt::format("WebSocket: {}.", event.error().reason));
      if (std::holds_alternative<Reader::NeedMore>(*event)) return Bytes();
      if (const auto* data = std::get_if<Reader::Data>(&*event)) return Bytes(data->octets.begin(), data->octets.end());
      if (const auto* ping = std::get_if<Reader::Ping>(&*event)) {
        Bytes pong;
        wire::ws::append_frame(pong, Opcode::kPong, ping->payload, fresh_key());
        if (auto sent = carrier_->send(pong); !sent) return std::unexpected(sent.error());
      }
      if (std::holds_alternative<Reader::Close>(*event)) {
        return fail(ErrorCode::kUnavailable, "The service closed the connection.");
      }
    }
  }

  std::unique_ptr<OctetChannel> carrier_;
  Random& random_;
  Reader reader_{wire::ws::Sender::kServer, kMaxMessage};
  Bytes inbox_;
  bool open_ = false;
};

}  // namespace

Result<std::unique_ptr<OctetChannel>> open_web_socket(std::unique_ptr<OctetChannel> carrier, const std::string& host,
                                                      const std::string& sub_protocol, Random& random) {
  auto channel = std::make_unique<WebSocketChannel>(std::move(carrier), random);
  if (auto done = channel->upgrade(host, sub_protocol); !done) return std::unexpected(done.error());
  return channel;
}

}  // namespace muster::cli
