#include "wire/amqp/value.h"

namespace muster::wire::amqp {
namespace {

constexpr std::uint8_t kDescribed = 0x00;
/// Of one list or map that is read: what anybody needs, and a bound for what a few octets can make us allocate.
constexpr std::uint32_t kMostItems = 1024;

std::unexpected<Error> malformed() {
  return invalid("The octets are no AMQP value.");
}

std::uint64_t read_unsigned(ByteView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

bool is_compound(std::uint8_t code) {
  switch (code) {
    case 0xc0:
    case 0xd0:
    case 0xc1:
    case 0xd1:
    case 0xe0:
    case 0xf0:
      return true;
    default:
      return false;
  }
}

bool is_variable(std::uint8_t code) {
  switch (code) {
    case 0xa0:
    case 0xa1:
    case 0xa3:
    case 0xb0:
    case 0xb1:
    case 0xb3:
      return true;
    default:
      return false;
  }
}

/// The octets that a value of a fixed width takes after its format code (1.6).
std::optional<std::size_t> fixed_width(std::uint8_t code) {
  switch (code) {
    case 0x40:  // null
    case 0x41:  // true
    case 0x42:  // false
    case 0x43:  // uint 0
    case 0x44:  // ulong 0
    case 0x45:  // empty list
      return 0;
    case 0x50:  // ubyte
    case 0x51:  // byte
    case 0x52:  // small uint
    case 0x53:  // small ulong
    case 0x54:  // small int
    case 0x55:  // small long
    case 0x56:  // boolean
      return 1;
    case 0x60:  // ushort
    case 0x61:  // short
      return 2;
    case 0x70:  // uint
    case 0x71:  // int
    case 0x72:  // float
    case 0x73:  // char
    case 0x74:  // decimal32
      return 4;
    case 0x80:  // ulong
    case 0x81:  // long
    case 0x82:  // double
    case 0x83:  // timestamp
    case 0x84:  // decimal64
      return 8;
    case 0x94:  // decimal128
    case 0x98:  // uuid
      return 16;
    default:
      return std::nullopt;
  }
}

/// The first `count` octets, taken off `rest`.
std::optional<ByteView> take(ByteView& rest, std::size_t count) {
  if (rest.size() < count) return std::nullopt;
  const ByteView taken = rest.first(count);
  rest = rest.subspan(count);
  return taken;
}

/// What follows a format code; false: it does not fit.
bool take_content(ByteView& rest, std::uint8_t code, Value& out) {
  out.code = code;
  if (const auto width = fixed_width(code)) {
    const auto content = take(rest, *width);
    if (content) out.content = *content;
    return content.has_value();
  }
  const std::size_t width = (code & 0x10U) != 0 ? 4 : 1;  // of size and count: 0xa, 0xc, 0xe are the small ones
  if (!is_compound(code) && !is_variable(code)) return false;
  const auto size = take(rest, width);
  if (!size) return false;
  auto content = take(rest, read_unsigned(*size));
  if (!content) return false;
  out.content = *content;
  if (!is_compound(code)) return true;
  const auto count = take(out.content, width);
  if (!count) return false;
  out.count = static_cast<std::uint32_t>(read_unsigned(*count));
  return true;
}

class Checker {
 public:
  explicit Checker(Complexity limits) : limits_(limits) {}

  bool check(const Value& value, std::size_t depth) {
    if (++values_ > limits_.values || depth > limits_.depth) return false;
    if (value.is_list() || value.is_map()) return check_items(value, depth);
    return !value.is_array() || check_array(value, depth);
  }

 private:
  bool check_items(const Value& compound, std::size_t depth) {
    if (compound.is_map() && compound.count % 2 != 0) return false;
    if (compound.count > limits_.values) return false;
    const auto items = read_items(compound);
    if (!items) return false;
    for (const Value& item : *items) {
      if (!check(item, depth + 1)) return false;
    }
    return true;
  }

  /// The elements share a constructor, which may be of no width: the count alone says how many there are.
  bool check_array(const Value& array, std::size_t depth) {
    if (array.count > limits_.values) return false;
    ByteView rest = array.content;
    auto code = take(rest, 1);
    if (!code) return false;
    if (code->front() == kDescribed) {
      Reader reader(rest);
      const auto descriptor = reader.next();
      if (!descriptor || descriptor->described || !check(*descriptor, depth + 1)) return false;
      rest = reader.rest();
      code = take(rest, 1);
      if (!code) return false;
    }
    for (std::uint32_t i = 0; i < array.count; ++i) {
      Value element;
      if (!take_content(rest, code->front(), element) || !check(element, depth + 1)) return false;
    }
    return rest.empty();
  }

  const Complexity limits_;
  std::size_t values_ = 0;
};

}  // namespace

std::optional<std::uint64_t> as_unsigned(const Value& value) {
  switch (value.code) {
    case 0x43:
    case 0x44:
      return 0;
    case 0x50:
    case 0x52:
    case 0x53:
    case 0x60:
    case 0x70:
    case 0x80:
      return read_unsigned(value.content);
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> as_integer(const Value& value) {
  switch (value.code) {
    case 0x51:
    case 0x54:
    case 0x55:
      return static_cast<std::int8_t>(read_unsigned(value.content));
    case 0x61:
      return static_cast<std::int16_t>(read_unsigned(value.content));
    case 0x71:
      return static_cast<std::int32_t>(read_unsigned(value.content));
    case 0x81:
      return static_cast<std::int64_t>(read_unsigned(value.content));
    default:
      return std::nullopt;
  }
}

std::optional<bool> as_bool(const Value& value) {
  if (value.code == 0x41 || value.code == 0x42) return value.code == 0x41;
  if (value.code == 0x56) return value.content.front() != 0;
  return std::nullopt;
}

std::optional<std::string_view> as_string(const Value& value) {
  switch (value.code) {
    case 0xa1:
    case 0xb1:
    case 0xa3:
    case 0xb3:
      return as_text(value.content);
    default:
      return std::nullopt;
  }
}

std::optional<ByteView> as_binary(const Value& value) {
  if (value.code != 0xa0 && value.code != 0xb0) return std::nullopt;
  return value.content;
}

Result<Value> Reader::next() {
  const ByteView begin = rest_;
  ByteView rest = rest_;
  Value value;
  auto code = take(rest, 1);
  if (!code) return malformed();
  if (code->front() == kDescribed) {
    // A descriptor is a plain value; one that is described itself is allowed by the grammar alone.
    Value descriptor;
    code = take(rest, 1);
    if (!code || !take_content(rest, code->front(), descriptor)) return malformed();
    value.described = true;
    value.descriptor = as_unsigned(descriptor);
    code = take(rest, 1);
    if (!code) return malformed();
  }
  if (!take_content(rest, code->front(), value)) return malformed();
  value.encoded = begin.first(begin.size() - rest.size());
  rest_ = rest;
  return value;
}

Result<std::vector<Value>> read_items(const Value& compound) {
  std::vector<Value> items;
  if ((!compound.is_list() && !compound.is_map()) || compound.count > kMostItems) return malformed();
  Reader reader(compound.content);
  for (std::uint32_t i = 0; i < compound.count; ++i) {
    auto item = reader.next();
    if (!item) return std::unexpected(item.error());
    items.push_back(*item);
  }
  if (!reader.at_end()) return malformed();
  return items;
}

Result<void> check_value(const Value& value, Complexity limits) {
  if (!Checker(limits).check(value, 0)) return malformed();
  return {};
}

}  // namespace muster::wire::amqp
