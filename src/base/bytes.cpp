#include "base/bytes.h"

#include <array>

namespace muster {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kForeign = 0x80;  // a bit that no digit has

constexpr std::array<std::uint8_t, 256> make_reverse() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kReverse = make_reverse();

std::string hex(ByteView bytes, std::string_view digits) {
  std::string out(bytes.size() * 2, '\0');
  char* to = out.data();
  for (std::uint8_t b : bytes) {
    *to++ = digits[b >> 4];
    *to++ = digits[b & 15];
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex_lower(ByteView bytes) {
  return hex(bytes, "0123456789abcdef");
}

std::string hex_upper(ByteView bytes) {
  return hex(bytes, "0123456789ABCDEF");
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto octet = octet_from_hex(text.substr(i, 2));
    if (!octet) return std::nullopt;
    out.push_back(*octet);
  }
  return out;
}

std::optional<std::uint8_t> octet_from_hex(std::string_view text) {
  if (text.size() != 2) return std::nullopt;
  const int high = hex_value(text[0]);
  const int low = hex_value(text[1]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<std::uint8_t>(high * 16 + low);
}

std::string to_base64(ByteView bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  std::size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    const std::uint32_t v = static_cast<std::uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    *to++ = kAlphabet[v >> 18];
    *to++ = kAlphabet[v >> 12 & 63];
    *to++ = kAlphabet[v >> 6 & 63];
    *to++ = kAlphabet[v & 63];
  }
  if (const std::size_t rest = bytes.size() - i; rest != 0) {
    std::uint32_t v = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (rest == 2) v |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    *to++ = kAlphabet[v >> 18];
    *to++ = kAlphabet[v >> 12 & 63];
    if (rest == 2) *to = kAlphabet[v >> 6 & 63];
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return Bytes();
  const std::size_t padding = text[text.size() - 1] != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  Bytes out(text.size() / 4 * 3);
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t v = 0;
    for (std::size_t k = i; k < i + 4; ++k) {
      const std::uint8_t digit = k < text.size() - padding ? kReverse[static_cast<unsigned char>(text[k])] : 0;
      seen |= digit;
      v = v << 6 | digit;
    }
    out[i / 4 * 3] = static_cast<std::uint8_t>(v >> 16);
    out[i / 4 * 3 + 1] = static_cast<std::uint8_t>(v >> 8);
    out[i / 4 * 3 + 2] = static_cast<std::uint8_t>(v);
  }
  if ((seen & kForeign) != 0) return std::nullopt;
  // Bits that the padding drops must be zero, or two texts would mean the same octets.
  for (; out.size() > text.size() / 4 * 3 - padding; out.pop_back()) {
    if (out.back() != 0) return std::nullopt;
  }
  return out;
}

std::string to_base32_lower(ByteView bytes) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr unsigned kBitsOfDigit = 5;
  std::string out;
  out.reserve((bytes.size() * 8 + kBitsOfDigit - 1) / kBitsOfDigit);
  std::uint32_t held = 0;  // only the low `count` bits count
  unsigned count = 0;
  for (const std::uint8_t octet : bytes) {
    held = held << 8 | octet;
    for (count += 8; count >= kBitsOfDigit; count -= kBitsOfDigit) {
      out.push_back(kDigits[held >> (count - kBitsOfDigit) & 31]);
    }
  }
  if (count > 0) out.push_back(kDigits[held << (kBitsOfDigit - count) & 31]);
  return out;
}

}  // namespace muster
