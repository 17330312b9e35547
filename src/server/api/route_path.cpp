#include "server/api/route_path.h"

#include "base/text.h"

namespace muster::server {
namespace {

constexpr std::string_view kAny = "{}";

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments,
          bool (*same)(std::string_view, std::string_view)) {
  if (pattern.size() != segments.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != kAny && !same(pattern[i], segments[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> match_path(const std::vector<std::string>& pattern,
                                                   const std::vector<std::string>& segments,
                                                   bool (*same)(std::string_view, std::string_view)) {
  // A path fits one pattern of many, so nothing is copied before it is known to.
  if (!fits(pattern, segments, same)) return std::nullopt;
  std::vector<std::string> arguments;
  arguments.reserve(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == kAny) arguments.push_back(segments[i]);
  }
  return arguments;
}

bool is_device_target(std::string_view target) {
  const auto second = target.find('/', 1);
  return second != std::string_view::npos && starts_with_nocase(target.substr(second), "/registrations/");
}

}  // namespace muster::server
