#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"

namespace muster::wire::amqp {

// Values of AMQP 1.0 (section 1.6), each in its shortest form.
Bytes null_value();
Bytes bool_value(bool value);
Bytes ubyte_value(std::uint8_t number);
Bytes uint_value(std::uint32_t number);
Bytes int_value(std::int32_t number);
Bytes string_value(std::string_view text);
Bytes symbol_value(std::string_view text);
Bytes binary_value(ByteView octets);
/// Fields that were left out at the end need not be given.
Bytes list_value(std::initializer_list<Bytes> items);
/// Keys and values in turn.
Bytes map_value(std::initializer_list<Bytes> items);
/// A value with a numeric descriptor below 256: performatives, sections, outcomes.
Bytes described_value(std::uint8_t descriptor, const Bytes& value);

}  // namespace muster::wire::amqp
