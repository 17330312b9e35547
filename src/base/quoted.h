#pragma once

#include <string>
#include <string_view>

namespace muster {

/// The escape of one octet in a JSON string (RFC 8259 section 7).
void append_escape(std::string& out, char c);

/// `text` as a JSON string, with an escape for every octet of which `needs_escape` says so; it has to say so of quotes,
/// backslashes and control characters.
template <class NeedsEscape>
void append_quoted(std::string& out, std::string_view text, NeedsEscape needs_escape) {
  // Most texts need none. Without a way out of the loop compilers look at many octets at once.
  bool found = false;
  for (const char c : text) found |= needs_escape(c);
  out.push_back('"');
  if (!found) {
    out.append(text);
  } else {
    for (const char c : text) needs_escape(c) ? append_escape(out, c) : out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace muster
