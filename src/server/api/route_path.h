#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::server {

/// The segments that stand for "{}" in `pattern`, or nullopt when the path is another one. `same` compares fixed words.
std::optional<std::vector<std::string>> match_path(const std::vector<std::string>& pattern,
                                                   const std::vector<std::string>& segments,
                                                   bool (*same)(std::string_view, std::string_view));

/// Whether a request target is the device API's, /{idScope}/registrations/...: those may name any host, and there are
/// many of them.
bool is_device_target(std::string_view target);

}  // namespace muster::server
