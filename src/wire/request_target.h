#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace muster::wire {

/// An HTTP request target in origin form, taken apart: "/a/b%3Ac?x=1" has segments {"a", "b:c"} and query {{"x","1"}}.
struct RequestTarget {
  std::vector<std::string> segments;  ///< percent-decoded once; one trailing slash is dropped (service-api.md 0)
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order

  /// The first value of a query parameter; names are matched with case.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// kInvalidArgument for a target that is not origin form, has a broken escape, an empty segment in the middle, a
/// decoded NUL or control character, or more than 32 segments or 64 query parameters.
Result<RequestTarget> parse_request_target(std::string_view target);

/// True for "2021-10-01" and "2021-11-01-preview" shaped texts (device-api.md 3.2).
bool is_plausible_api_version(std::string_view text);

}  // namespace muster::wire
