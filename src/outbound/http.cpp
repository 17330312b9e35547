#include "outbound/http.h"

#include "base/text.h"

namespace muster::outbound {

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_nocase(key, name)) return value;
  }
  return std::nullopt;
}

bool was_not_sent(const Error& error) {
  return error.detail == kNotConnected;
}

}  // namespace muster::outbound
