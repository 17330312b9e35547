#include "wire/ws/frame.h"

#include <algorithm>

namespace muster::wire::ws {
namespace {

constexpr std::uint8_t kFinalBit = 0x80;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kTwoOctetLength = 126;
constexpr std::uint8_t kEightOctetLength = 127;

std::unexpected<Fault> broken(std::string_view reason) {
  return std::unexpected(Fault{CloseCode::kProtocolError, reason});
}

bool is_known(std::uint8_t opcode) {
  return opcode <= static_cast<std::uint8_t>(Opcode::kBinary) ||
         (opcode >= static_cast<std::uint8_t>(Opcode::kClose) && opcode <= static_cast<std::uint8_t>(Opcode::kPong));
}

std::uint64_t read_number(ByteView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = (number << 8U) | octet;
  return number;
}

void append_number(Bytes& out, std::uint64_t number, unsigned octets) {
  for (unsigned i = octets; i > 0; --i) out.push_back(static_cast<std::uint8_t>(number >> (8U * (i - 1))));
}

/// How many octets follow the first two for the length.
std::size_t length_octets(std::uint8_t short_length) {
  return short_length == kTwoOctetLength ? 2 : short_length == kEightOctetLength ? 8 : 0;
}

std::expected<void, Fault> check_first(std::uint8_t first) {
  // No extension is ever agreed upon, so these bits mean nothing (5.2).
  if ((first & kReservedBits) != 0) return broken("reserved bits are set");
  if (!is_known(first & 0x0F)) return broken("reserved opcode");
  const bool control = is_control(static_cast<Opcode>(first & 0x0F));
  if (control && (first & kFinalBit) == 0) return broken("control frame in fragments");
  return {};
}

}  // namespace

std::expected<std::optional<FrameHeader>, Fault> read_frame_header(ByteView octets) {
  if (octets.empty()) return std::nullopt;
  if (auto sound = check_first(octets[0]); !sound) return std::unexpected(sound.error());
  if (octets.size() < 2) return std::nullopt;
  FrameHeader header{.opcode = static_cast<Opcode>(octets[0] & 0x0F), .final = (octets[0] & kFinalBit) != 0};
  const auto short_length = static_cast<std::uint8_t>(octets[1] & ~kMaskBit);
  if (is_control(header.opcode) && short_length > kMaxControlPayload) return broken("control frame is too long");

  const bool masked = (octets[1] & kMaskBit) != 0;
  const std::size_t extra = length_octets(short_length);
  header.size = 2 + extra + (masked ? MaskingKey().size() : 0);
  if (octets.size() < header.size) return std::nullopt;
  header.payload_size = extra == 0 ? short_length : read_number(octets.subspan(2, extra));
  if (header.payload_size >> 63U != 0) return broken("length is negative");
  if (extra == 2 && header.payload_size < kTwoOctetLength) return broken("length is not minimal");
  if (extra == 8 && header.payload_size <= 0xFFFF) return broken("length is not minimal");
  if (masked) std::ranges::copy(octets.subspan(2 + extra, MaskingKey().size()), header.mask.emplace().begin());
  return header;
}

void apply_mask(std::span<std::uint8_t> octets, const MaskingKey& key, std::uint64_t offset) {
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] ^= key[(offset + i) % key.size()];
}

void append_header(Bytes& out, Opcode opcode, std::uint64_t payload_size, const std::optional<MaskingKey>& mask) {
  out.push_back(static_cast<std::uint8_t>(kFinalBit | static_cast<std::uint8_t>(opcode)));
  const std::uint8_t mask_bit = mask ? kMaskBit : 0;
  if (payload_size < kTwoOctetLength) {
    out.push_back(static_cast<std::uint8_t>(mask_bit | payload_size));
  } else if (payload_size <= 0xFFFF) {
    out.push_back(mask_bit | kTwoOctetLength);
    append_number(out, payload_size, 2);
  } else {
    out.push_back(mask_bit | kEightOctetLength);
    append_number(out, payload_size, 8);
  }
  if (mask) out.insert(out.end(), mask->begin(), mask->end());
}

void append_frame(Bytes& out, Opcode opcode, ByteView payload, const std::optional<MaskingKey>& mask) {
  append_header(out, opcode, payload.size(), mask);
  const std::size_t begin = out.size();
  out.insert(out.end(), payload.begin(), payload.end());
  if (mask) apply_mask(std::span(out).subspan(begin), *mask, 0);
}

void append_close(Bytes& out, CloseCode code, const std::optional<MaskingKey>& mask) {
  Bytes payload;
  append_number(payload, static_cast<std::uint16_t>(code), 2);
  append_frame(out, Opcode::kClose, payload, mask);
}

}  // namespace muster::wire::ws
