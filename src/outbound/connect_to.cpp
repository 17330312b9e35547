#include "outbound/connect_to.h"

#include <fmt/format.h>

namespace muster::outbound {
namespace {

/// ADDRESS:PORT, with an empty port when the text names none. IPv6 addresses stand in brackets.
std::string with_port(std::string_view address) {
  const auto bracket = address.rfind(']');
  const auto colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return fmt::format("{}{}", address, colon == std::string_view::npos ? ":" : "");
}

}  // namespace

std::string connect_everything_to(std::string_view address) {
  return address.empty() ? "" : fmt::format("::{}", with_port(address));
}

Result<std::string> connect_host_to(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid(fmt::format("'{}' is not HOST=ADDRESS or HOST=ADDRESS:PORT", text));
  }
  return fmt::format("{}::{}", text.substr(0, equals), with_port(text.substr(equals + 1)));
}

}  // namespace muster::outbound
