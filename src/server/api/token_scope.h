#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster::server {

/// The host of a token's resource without its port, and the segments behind it: "https://host:8443/enrollments/a" gives
/// {"host", "enrollments", "a"}.
std::vector<std::string_view> resource_segments(std::string_view resource);

/// Whether a token for `granted`, as of resource_segments(), may be used for this path: segment by segment, without
/// case (service-api.md 1.2, hub-api.md 1.2). The host is compared by the caller.
bool covers_path(const std::vector<std::string_view>& granted, const std::vector<std::string>& path);

}  // namespace muster::server
