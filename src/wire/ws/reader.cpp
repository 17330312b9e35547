#include "wire/ws/reader.h"

#include <algorithm>
#include <utility>

namespace muster::wire::ws {
namespace {

std::unexpected<Fault> broken(std::string_view reason) {
  return std::unexpected(Fault{CloseCode::kProtocolError, reason});
}

/// Codes that may stand in a close frame (7.4).
bool is_sendable(unsigned code) {
  constexpr unsigned kFirstFree = 3000;
  constexpr unsigned kLast = 4999;
  if (code >= kFirstFree) return code <= kLast;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::expected<Reader::Event, Fault> Reader::next(std::span<std::uint8_t>& octets) {
  for (;;) {
    if (!frame_) {
      const auto begun = take_header(octets);
      if (!begun) return std::unexpected(begun.error());
      if (!*begun) return NeedMore{};
    }
    const std::span<std::uint8_t> part = take_payload(octets);
    const bool complete = taken_ == frame_->payload_size;
    if (is_control(frame_->opcode)) {
      control_.insert(control_.end(), part.begin(), part.end());
      if (!complete) return NeedMore{};
      return finish_control();
    }
    if (complete) {
      in_message_ = !frame_->final;
      frame_.reset();
    }
    if (!part.empty()) return Data{part};
    if (!complete) return NeedMore{};
  }
}

/// Whether a header is complete.
std::expected<bool, Fault> Reader::take_header(std::span<std::uint8_t>& octets) {
  const std::size_t before = header_octets_;
  const std::size_t more = std::min(octets.size(), kMaxHeader - before);
  std::ranges::copy(octets.first(more), header_.begin() + static_cast<std::ptrdiff_t>(before));
  const auto header = read_frame_header(ByteView(header_).first(before + more));
  if (!header) return std::unexpected(header.error());
  if (!*header) {
    header_octets_ += more;
    octets = octets.subspan(more);
    return false;
  }
  octets = octets.subspan((*header)->size - before);
  header_octets_ = 0;
  if (auto begun = begin(**header); !begun) return std::unexpected(begun.error());
  return true;
}

std::expected<void, Fault> Reader::begin(const FrameHeader& header) {
  if (header.mask.has_value() != (sender_ == Sender::kClient)) {
    return broken(header.mask ? "frame is masked" : "frame is not masked");
  }
  if (!is_control(header.opcode)) {
    if (auto begun = begin_data(header); !begun) return begun;
  }
  frame_ = header;
  taken_ = 0;
  return {};
}

std::expected<void, Fault> Reader::begin_data(const FrameHeader& header) {
  const bool continues = header.opcode == Opcode::kContinuation;
  if (continues != in_message_) return broken(continues ? "nothing to continue" : "message inside a message");
  if (header.opcode == Opcode::kText) return std::unexpected(Fault{CloseCode::kUnsupportedData, "text message"});
  if (!continues) message_size_ = 0;
  if (header.payload_size > max_message_ - message_size_) {
    return std::unexpected(Fault{CloseCode::kTooLarge, "message is too large"});
  }
  message_size_ += header.payload_size;
  return {};
}

std::span<std::uint8_t> Reader::take_payload(std::span<std::uint8_t>& octets) {
  const std::uint64_t missing = frame_->payload_size - taken_;
  const auto part = octets.first(static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), missing)));
  if (frame_->mask) apply_mask(part, *frame_->mask, taken_);
  taken_ += part.size();
  octets = octets.subspan(part.size());
  return part;
}

std::expected<Reader::Event, Fault> Reader::finish_control() {
  const Opcode opcode = frame_->opcode;
  frame_.reset();
  Bytes payload = std::exchange(control_, {});
  if (opcode == Opcode::kPing) return Ping{std::move(payload)};
  if (opcode == Opcode::kPong) return Pong{};
  if (payload.size() == 1) return broken("close code of one octet");
  if (payload.size() >= 2 && !is_sendable(payload[0] * 256U + payload[1])) return broken("close code is reserved");
  return Close{};
}

}  // namespace muster::wire::ws
