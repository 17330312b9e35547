#include "muster/setting_values.h"

#include <charconv>

#include <fmt/format.h>

namespace muster::cli {

Result<int> integer_between(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return invalid(fmt::format("must be a whole number from {} to {}", least, most));
  }
  return value;
}

Result<bool> on_or_off(std::string_view text) {
  if (text == "on" || text == "true") return true;
  if (text == "off" || text == "false") return false;
  return invalid("must be on or off");
}

}  // namespace muster::cli
