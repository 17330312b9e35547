#include "server/api/route_path.h"

namespace muster::server {

std::optional<std::vector<std::string>> match_path(const std::vector<std::string>& pattern,
                                                   const std::vector<std::string>& segments,
                                                   bool (*same)(std::string_view, std::string_view)) {
  if (pattern.size() != segments.size()) return std::nullopt;
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "{}") {
      arguments.push_back(segments[i]);
    } else if (!same(pattern[i], segments[i])) {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace muster::server
