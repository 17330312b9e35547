#pragma once

#include <functional>
#include <string>

#include <boost/json/array.hpp>

#include "hub/connections.h"
#include "server/http/message.h"
#include "wire/query.h"

namespace muster::server {

/// A query of twins with its page (hub-api.md 1.7).
struct HubQuery {
  wire::Query query;
  std::string after;  ///< id of the last device of the page before
  std::size_t limit = 100;
};

struct HubQueryPage {
  boost::json::array items;
  std::string item_type;  ///< "Twin", or "Raw" for other things than whole twins
  std::string next;       ///< continuation; empty: there is no more
};

/// Of the body, x-ms-max-item-count and x-ms-continuation. kInvalidArgument for what cannot be read.
Result<HubQuery> read_hub_query(const HttpRequest& request);

/// A page may be short, or empty, when many devices had to be looked at.
Task<Result<HubQueryPage>> run_hub_query(store::Store& store, hub::HubName hub, HubQuery query,
                                         std::function<hub::ConnectionState(const std::string&)> state);

}  // namespace muster::server
