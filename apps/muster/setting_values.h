#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::cli {

// What settings make of the texts that they are given; messages go on after the key: "must be ...".

using Values = std::span<const std::string>;

Result<int> integer_between(std::string_view text, int least, int most);
Result<bool> on_or_off(std::string_view text);

template <int least, int most, class Integer>
Result<void> set_integer(Integer& out, Values values) {
  auto value = integer_between(values.front(), least, most);
  if (!value) return std::unexpected(value.error());
  out = static_cast<Integer>(*value);
  return {};
}

template <int least, int most, class Duration>
Result<void> set_duration(Duration& out, Values values) {
  auto value = integer_between(values.front(), least, most);
  if (!value) return std::unexpected(value.error());
  out = Duration(*value);
  return {};
}

inline Result<void> set_switch(bool& out, Values values) {
  auto value = on_or_off(values.front());
  if (!value) return std::unexpected(value.error());
  out = *value;
  return {};
}

}  // namespace muster::cli
