#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace muster::wire::ws {

// The frames of WebSocket (RFC 6455 section 5) as values.

/// Section 5.2.
enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

/// Why a connection is closed (section 7.4.1).
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kTooLarge = 1009,
};

/// What a peer did that ends the connection.
struct Fault {
  CloseCode code = CloseCode::kProtocolError;
  std::string_view reason;  ///< a fixed text, for the log

  bool operator==(const Fault&) const = default;
};

using MaskingKey = std::array<std::uint8_t, 4>;

/// Everything of a frame but its payload.
struct FrameHeader {
  Opcode opcode = Opcode::kBinary;
  bool final = true;  ///< the last frame of its message
  std::optional<MaskingKey> mask = {};
  std::uint64_t payload_size = 0;
  std::size_t size = 0;  ///< of the header itself, octets

  bool operator==(const FrameHeader&) const = default;
};

inline constexpr std::size_t kMaxHeader = 14;
/// Payload of a close, ping or pong frame (5.5).
inline constexpr std::size_t kMaxControlPayload = 125;

inline bool is_control(Opcode opcode) {
  return opcode >= Opcode::kClose;
}

/// Reads the header that `octets` begin with. nullopt: more octets are needed, kMaxHeader at most. A fault: reserved
/// bits or opcodes, control frames that are long or in fragments, lengths that are not written as short as can be
/// (5.2, 5.5); it is found with the first octets that show it.
std::expected<std::optional<FrameHeader>, Fault> read_frame_header(ByteView octets);

/// XORs `octets` with the key, which masks and unmasks (5.3). `offset`: how many octets of the payload came before.
void apply_mask(std::span<std::uint8_t> octets, const MaskingKey& key, std::uint64_t offset);

/// Appends the header of a frame that is a whole message, or a control frame. A client masks and gives a key.
void append_header(Bytes& out, Opcode opcode, std::uint64_t payload_size, const std::optional<MaskingKey>& mask);

/// Appends a whole frame; `payload` is masked here when there is a key.
void append_frame(Bytes& out, Opcode opcode, ByteView payload, const std::optional<MaskingKey>& mask);

/// Appends a close frame that says why.
void append_close(Bytes& out, CloseCode code, const std::optional<MaskingKey>& mask);

}  // namespace muster::wire::ws
