#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>

#include "base/result.h"
#include "server/api/api_call.h"

namespace muster::server {

/// Which page a query asks for (service-api.md 6).
struct PageRequest {
  std::string after;  ///< key of the last item of the page before; empty: from the start
  std::size_t limit;
};

inline constexpr std::size_t kDefaultPage = 100;

/// Reads x-ms-max-item-count (0 or absent: `default_limit`, at most 1000) and x-ms-continuation.
Result<PageRequest> read_page_request(const ApiCall& call, std::size_t default_limit = kDefaultPage);

/// x-ms-item-type, x-ms-continuation when `next` is not empty, and what the original adds to queries (service-api.md 0,
/// 6).
void add_page_headers(HttpResponse& response, std::string_view item_type, std::string_view next);

/// A bare array with x-ms-item-type, and x-ms-continuation only when there is more (service-api.md 6).
HttpResponse page_response(const boost::json::array& items, std::string_view item_type, std::string_view next);

}  // namespace muster::server
