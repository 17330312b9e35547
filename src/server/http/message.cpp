#include "server/http/message.h"

#include "base/text.h"

namespace muster::server {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_nocase(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace muster::server
