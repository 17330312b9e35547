#pragma once

#include <vector>

#include "base/random.h"
#include "model/enrollment_import.h"
#include "server/api/api_call.h"
#include "store/store.h"

namespace muster::server {

/// Mass import and export of enrollments and groups, our addition to the service API (docs/import.md): bodies of NDJSON
/// or CSV, in pieces of bounded size. Thread-safe; what it refers to outlives it.
class EnrollmentTransfer {
 public:
  EnrollmentTransfer(store::Store& store, Random& random) : store_(store), random_(random) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> import_entries(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> export_entries(const ApiCall& call, model::EnrollmentKind kind, model::ExportSecrets secrets);

  store::Store& store_;
  Random& random_;
};

}  // namespace muster::server
