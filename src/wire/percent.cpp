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
  if (!text.contains('%')) return std::string(text);  // as most texts are
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto octet = octet_from_hex(text.substr(i + 1, 2));
    if (!octet) return std::nullopt;
    out.push_back(static_cast<char>(*octet));
    i += 2;
  }
  return out;
}

}  // namespace muster::wire
