#include "wire/percent.h"

#include "base/bytes.h"

namespace muster::wire {
namespace {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char& c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      out.append("%").append(hex_upper(as_bytes({&c, 1})));
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t escape = text.find('%');
    out.append(text.substr(0, escape));
    if (escape == std::string_view::npos) return out;
    const auto octet = octet_from_hex(text.substr(escape + 1, 2));
    if (!octet) return std::nullopt;
    out.push_back(static_cast<char>(*octet));
    text.remove_prefix(escape + std::string_view("%xx").size());
  }
}

}  // namespace muster::wire
