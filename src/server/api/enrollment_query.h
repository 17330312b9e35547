#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/task.h"
#include "model/item_query.h"
#include "server/api/paging.h"
#include "store/store.h"

namespace muster::server {

/// Entries that one request looks at, at most. What is behind them is for the next request, which the continuation
/// leads to.
inline constexpr std::size_t kMaxScannedEntries = 10'000;

/// A query on a collection of entries, checked to be one that can be answered.
struct EnrollmentQuery {
  std::vector<wire::SelectedMember> select;  ///< empty: everything
  std::optional<model::ItemFilter> filter;
};

/// Reads {"query": "<text>"} (service-api.md 6). kInvalidArgument with the column. Answers come in the order of the
/// ids, so that is the one order that can be asked for: another one would need the whole result in memory.
Result<EnrollmentQuery> read_enrollment_query(const boost::json::object& body, model::EnrollmentKind kind);

/// A page of an answer. It may be shorter than asked for, even empty, while `next` leads on.
struct EnrollmentPage {
  boost::json::array items;
  std::string next;  ///< as PageRequest::after of the next request; empty: this was the last
};

/// Answers from the store in pieces, so that a long search does not hold up the connections of its thread.
Task<Result<EnrollmentPage>> run_enrollment_query(store::Store& store, model::InstanceId instance,
                                                  model::EnrollmentKind kind, EnrollmentQuery query, PageRequest page);

}  // namespace muster::server
