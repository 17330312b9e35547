#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "server/api/enrollment_writer.h"

namespace muster::server {

/// What a bulk call does with each item. `update` and `updateIfMatchETag` are PUT with the item's etag as If-Match.
enum class BulkMode { kCreate, kUpdate, kDelete };

struct BulkItem {
  std::string id;
  std::string etag;  ///< empty: not given
  boost::json::object body;
};

struct BulkRequest {
  BulkMode mode = BulkMode::kCreate;
  std::vector<BulkItem> items;
};

/// Reads {"enrollments": [...], "mode": ...} or {"enrollmentGroups": ...}; mode without regard to case.
/// kInvalidArgument for the whole call: no items or more than `most`, an item without id, an id twice, an unknown mode.
Result<BulkRequest> read_bulk_request(const boost::json::object& body, model::EnrollmentKind kind, std::size_t most);

/// Carries the items out one by one, each for itself. Returns {"errors": [...], "isSuccessful": bool}; `errors` is
/// always there (service-api.md 3.8).
Task<boost::json::object> run_bulk(BulkRequest request, EnrollmentWriter& writer,
                                   std::shared_ptr<const model::InstanceConfig> config, model::EnrollmentKind kind,
                                   TimePoint at);

}  // namespace muster::server
