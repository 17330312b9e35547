#include "wire/amqp/encode.h"

#include <limits>

namespace muster::wire::amqp {
namespace {

constexpr std::size_t kLargestShort = std::numeric_limits<std::uint8_t>::max();
/// The code of the long form of a variable or compound value is this much above the one of its short form.
constexpr std::uint8_t kLongForm = 0x10;

void put_32(Bytes& out, std::size_t number) {
  for (unsigned shift = 32; shift > 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> (shift - 8U)));
}

Bytes variable(std::uint8_t short_code, ByteView content) {
  Bytes out;
  out.reserve(content.size() + 5);
  const bool is_short = content.size() <= kLargestShort;
  out.push_back(is_short ? short_code : short_code + kLongForm);
  if (is_short) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    put_32(out, content.size());
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

/// The size counts the octets of the count too (1.6.22).
Bytes compound(std::uint8_t short_code, std::initializer_list<Bytes> items) {
  std::size_t size = 0;
  for (const Bytes& item : items) size += item.size();
  Bytes out;
  out.reserve(size + 9);
  const bool is_short = size < kLargestShort && items.size() <= kLargestShort;
  out.push_back(is_short ? short_code : short_code + kLongForm);
  if (is_short) {
    out.push_back(static_cast<std::uint8_t>(size + 1));
    out.push_back(static_cast<std::uint8_t>(items.size()));
  } else {
    put_32(out, size + 4);
    put_32(out, items.size());
  }
  for (const Bytes& item : items) out.insert(out.end(), item.begin(), item.end());
  return out;
}

}  // namespace

Bytes null_value() {
  return {0x40};
}

Bytes bool_value(bool value) {
  return {static_cast<std::uint8_t>(value ? 0x41 : 0x42)};
}

Bytes ubyte_value(std::uint8_t number) {
  return {0x50, number};
}

Bytes uint_value(std::uint32_t number) {
  if (number == 0) return {0x43};
  if (number <= kLargestShort) return {0x52, static_cast<std::uint8_t>(number)};
  Bytes out{0x70};
  put_32(out, number);
  return out;
}

Bytes int_value(std::int32_t number) {
  const bool is_short =
      number >= std::numeric_limits<std::int8_t>::min() && number <= std::numeric_limits<std::int8_t>::max();
  if (is_short) return {0x54, static_cast<std::uint8_t>(number)};
  Bytes out{0x71};
  put_32(out, static_cast<std::uint32_t>(number));
  return out;
}

Bytes string_value(std::string_view text) {
  return variable(0xa1, as_bytes(text));
}

Bytes symbol_value(std::string_view text) {
  return variable(0xa3, as_bytes(text));
}

Bytes binary_value(ByteView octets) {
  return variable(0xa0, octets);
}

Bytes list_value(std::initializer_list<Bytes> items) {
  if (items.size() == 0) return {0x45};
  return compound(0xc0, items);
}

Bytes map_value(std::initializer_list<Bytes> items) {
  return compound(0xc1, items);
}

Bytes described_value(std::uint8_t descriptor, const Bytes& value) {
  Bytes out{0x00, 0x53, descriptor};
  out.insert(out.end(), value.begin(), value.end());
  return out;
}

}  // namespace muster::wire::amqp
