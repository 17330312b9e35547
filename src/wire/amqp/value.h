#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::wire::amqp {

/// One encoded value of AMQP 1.0 (section 1.2), found in octets that are not copied. What is in a list, map or array
/// has not been looked at.
struct Value {
  std::uint8_t code = 0x40;                      ///< format code of the value itself
  ByteView encoded = {};                         ///< all of it, descriptor included
  ByteView content = {};                         ///< after format code, size and count
  std::uint32_t count = 0;                       ///< of lists, maps (keys and values) and arrays
  bool described = false;                        ///< has a descriptor of any kind
  std::optional<std::uint64_t> descriptor = {};  ///< numeric one
  [[nodiscard]] bool is_null() const { return code == 0x40; }
  [[nodiscard]] bool is_list() const { return code == 0x45 || code == 0xc0 || code == 0xd0; }
  [[nodiscard]] bool is_map() const { return code == 0xc1 || code == 0xd1; }
  [[nodiscard]] bool is_array() const { return code == 0xe0 || code == 0xf0; }
};

/// Any of the unsigned types.
std::optional<std::uint64_t> as_unsigned(const Value& value);
/// Any of the signed types.
std::optional<std::int64_t> as_integer(const Value& value);
std::optional<bool> as_bool(const Value& value);
/// A string or a symbol.
std::optional<std::string_view> as_string(const Value& value);
std::optional<ByteView> as_binary(const Value& value);

/// Reads values one after the other.
class Reader {
 public:
  explicit Reader(ByteView octets) : rest_(octets) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// What has not been read.
  [[nodiscard]] ByteView rest() const { return rest_; }
  /// kInvalidArgument when the octets end before the value does, or the format code is none.
  Result<Value> next();

 private:
  ByteView rest_;
};

/// The values in a list or map; kInvalidArgument when they are not `count` ones that fill it, or more than 1024.
Result<std::vector<Value>> read_items(const Value& compound);

/// How complex a value may be.
struct Complexity {
  std::size_t depth = 8;     ///< of values within values
  std::size_t values = 512;  ///< in total
};

/// Whether a value is well-formed to its innermost one and within the limits. The limits are what keeps other decoders,
/// which recurse and allocate by what the octets claim, from harm.
Result<void> check_value(const Value& value, Complexity limits = {});

}  // namespace muster::wire::amqp
