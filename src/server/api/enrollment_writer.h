#pragma once

#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/task.h"
#include "model/etag.h"
#include "store/store.h"

namespace muster::server {

/// Writes entries as the service API does, one by one or in bulk (service-api.md 3.2 to 3.5). Thread-safe; what it
/// refers to outlives it.
class EnrollmentWriter {
 public:
  EnrollmentWriter(store::Store& store, Random& random) : store_(store), random_(random) {}

  /// Creates or replaces. kConflict: exists and no If-Match was given, or a certificate stands in another entry;
  /// kPreconditionFailed; kNotFound for `*` on nothing; kInvalidArgument names the member.
  Task<Result<model::Enrollment>> put(std::shared_ptr<const model::InstanceConfig> config, model::EnrollmentKind kind,
                                      std::string id, boost::json::object body, model::IfMatch match, TimePoint at);
  /// kNotFound, kPreconditionFailed.
  Task<Result<void>> remove(model::InstanceId instance, model::EnrollmentKind kind, std::string id,
                            model::IfMatch match);

 private:
  store::Store& store_;
  Random& random_;
};

}  // namespace muster::server
