#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace muster::model {

/// An enumerator and its spelling on the wire; a constant table of them is the one place where both stand together.
template <class E>
struct NamedValue {
  E value;
  std::string_view name;
};

/// The spelling of `value`; empty when the table misses it.
template <class E, std::size_t N>
constexpr std::string_view name_of(const std::array<NamedValue<E>, N>& table, E value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

/// The enumerator spelled `name` in any letter case.
template <class E, std::size_t N>
std::optional<E> value_named(const std::array<NamedValue<E>, N>& table, std::string_view name) {
  for (const auto& entry : table) {
    if (equals_nocase(entry.name, name)) return entry.value;
  }
  return std::nullopt;
}

}  // namespace muster::model
