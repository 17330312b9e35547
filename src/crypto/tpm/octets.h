#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace muster::crypto::tpm {

/// Writes the big-endian fields of TPM structures (TPM 2.0 part 2 section 4.2).
class OctetWriter {
 public:
  OctetWriter() = default;
  /// Room for a structure with secrets: as long as it suffices, growing leaves no copies behind.
  explicit OctetWriter(std::size_t room) { out_.reserve(room); }

  OctetWriter& u16(std::size_t value) {
    out_.push_back(static_cast<std::uint8_t>(value >> 8));
    out_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  OctetWriter& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
  OctetWriter& raw(ByteView octets) {
    out_.insert(out_.end(), octets.begin(), octets.end());
    return *this;
  }
  /// A TPM2B: the size in two octets, then the octets.
  OctetWriter& sized(ByteView octets) { return u16(octets.size()).raw(octets); }

  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// The octets with their size before them: a TPM2B.
inline Bytes sized(ByteView octets) {
  return OctetWriter(octets.size() + 2).sized(octets).take();
}

inline Bytes joined(ByteView a, ByteView b) {
  return OctetWriter(a.size() + b.size()).raw(a).raw(b).take();
}

/// Reads such fields; nullopt when too few octets are left, and then for good.
class OctetReader {
 public:
  explicit OctetReader(ByteView octets) : rest_(octets) {}

  std::optional<std::uint16_t> u16() {
    const auto octets = raw(2);
    if (!octets) return std::nullopt;
    return static_cast<std::uint16_t>((*octets)[0] << 8 | (*octets)[1]);
  }
  std::optional<std::uint32_t> u32() {
    const auto octets = raw(4);
    if (!octets) return std::nullopt;
    return std::uint32_t{(*octets)[0]} << 24 | std::uint32_t{(*octets)[1]} << 16 | std::uint32_t{(*octets)[2]} << 8 |
           (*octets)[3];
  }
  std::optional<ByteView> raw(std::size_t count) {
    if (rest_.size() < count) {
      rest_ = {};
      return std::nullopt;
    }
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::optional<ByteView> sized() {
    const auto size = u16();
    return size ? raw(*size) : std::nullopt;
  }
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

}  // namespace muster::crypto::tpm
