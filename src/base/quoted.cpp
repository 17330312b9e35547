#include "base/quoted.h"

#include <iterator>

#include <fmt/format.h>

namespace muster {

void append_escape(std::string& out, char c) {
  if (c == '"' || c == '\\') {
    out.push_back('\\');
    out.push_back(c);
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace muster
