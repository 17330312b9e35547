#pragma once

#include <cstddef>
#include <string>

#include <boost/json/array.hpp>

#include "server/http/message.h"
#include "server/hub_api/query_source.h"
#include "wire/query.h"

namespace muster::server {

/// Which page of an answer is asked for, by x-ms-max-item-count and x-ms-continuation (hub-api.md 1.7).
struct HubPageRequest {
  std::string after;  ///< place of the last item of the page before; empty: from the first
  std::size_t limit = 100;
};

/// What is asked of a source.
struct HubQuery {
  wire::Query query;
  HubPageRequest page;
};

struct HubQueryPage {
  boost::json::array items;
  std::string item_type;  ///< of the source, or "Raw" for other things than its whole items
  std::string next;       ///< continuation; empty: there is no more
};

/// kInvalidArgument for what cannot be read, as below.
Result<HubPageRequest> read_hub_page(const HttpRequest& request);
/// Of the body and the headers. The source stands in `from`, and in front of no member any more.
Result<HubQuery> read_hub_query(const HttpRequest& request);

/// A page may be short, or empty, when many items had to be looked at; a count looks at all. `source` outlives the
/// call.
Task<Result<HubQueryPage>> run_hub_query(QuerySource& source, HubQuery query);

/// The answer: a bare array, with what it consists of and where it goes on in headers.
HttpResponse hub_query_response(const HubQueryPage& page);

}  // namespace muster::server
