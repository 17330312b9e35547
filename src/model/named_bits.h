#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/result.h"
#include "model/named_value.h"

namespace muster::model {

/// The bits of enumerators that are separated by commas and optional blanks, in any letter case; a blank text has none.
/// kInvalidArgument for unknown words; `what` says in the message what one is: "a right".
template <class E, std::size_t N>
Result<std::uint32_t> parse_named_bits(const std::array<NamedValue<E>, N>& table, std::string_view text,
                                       std::string_view what) {
  std::uint32_t bits = 0;
  if (trim(text).empty()) return bits;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = trim(text.substr(begin, end - begin));
    const auto value = value_named(table, word);
    if (!value) return invalid(fmt::format("rights: '{}' is not {}", word.substr(0, 64), what));
    bits |= static_cast<std::uint32_t>(*value);
    begin = end + 1;
  }
  return bits;
}

/// Such a text, in the order of the table.
template <class E, std::size_t N>
std::string named_bits_to_string(const std::array<NamedValue<E>, N>& table, std::uint32_t bits) {
  std::string out;
  for (const auto& [value, name] : table) {
    if ((bits & static_cast<std::uint32_t>(value)) == 0) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

}  // namespace muster::model
