#include "server/api/token_scope.h"

#include "base/text.h"
#include "server/api/instance_directory.h"

namespace muster::server {

std::vector<std::string_view> resource_segments(std::string_view resource) {
  if (const auto scheme = resource.find("://"); scheme != std::string_view::npos) resource.remove_prefix(scheme + 3);
  std::vector<std::string_view> segments;
  while (!resource.empty()) {
    const auto slash = resource.find('/');
    segments.push_back(resource.substr(0, slash));
    if (slash == std::string_view::npos) break;
    resource.remove_prefix(slash + 1);
  }
  if (!segments.empty()) segments.front() = without_port(segments.front());
  return segments;
}

bool covers_path(const std::vector<std::string_view>& granted, const std::vector<std::string>& path) {
  if (granted.empty() || granted.size() > path.size() + 1) return false;
  for (std::size_t i = 1; i < granted.size(); ++i) {
    if (!equals_nocase(granted[i], path[i - 1])) return false;
  }
  return true;
}

}  // namespace muster::server
