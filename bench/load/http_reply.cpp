#include <charconv>

#include "base/text.h"
#include "load/reply.h"

namespace muster::bench {
namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number out{};
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

/// The value of a header in a head of lines, without blanks around it; empty when absent.
std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equals_nocase(line.substr(0, colon), name))
      return trim(line.substr(colon + 1));
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace

bool read_http_reply(std::string_view inbox, Reply& reply) {
  const auto end = inbox.find("\r\n\r\n");
  constexpr std::size_t kStatusAt = 9;  // behind "HTTP/1.1 "
  if (end == std::string_view::npos || end < kStatusAt + 3) return false;
  const std::string_view head = inbox.substr(0, end);
  const std::string_view body = inbox.substr(end + 4);
  const auto length = number_of<std::size_t>(header_of(head, "content-length"));
  if (body.size() < length) return false;
  reply = {.status = number_of<int>(head.substr(kStatusAt, 3)),
           .retry_after = std::chrono::seconds(number_of<int>(header_of(head, "retry-after"))),
           .body = body.substr(0, length)};
  return true;
}

}  // namespace muster::bench
