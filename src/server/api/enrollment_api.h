#pragma once

#include <vector>

#include "base/random.h"
#include "server/api/api_call.h"
#include "server/api/enrollment_texts.h"
#include "server/api/enrollment_writer.h"
#include "store/store.h"

namespace muster::server {

/// Enrollments and enrollment groups of the service API (service-api.md 3, 4, 6), bulk calls included. One code for
/// both kinds; the words and codes that differ are in a table. Thread-safe; what it refers to outlives it.
class EnrollmentApi {
 public:
  EnrollmentApi(store::Store& store, Random& random, std::size_t bulk_items)
      : store_(store), writer_(store, random), bulk_items_(bulk_items) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> get(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> put(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> remove(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> bulk(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> query(const ApiCall& call, model::EnrollmentKind kind);
  Task<ApiResult> attestation_mechanism(const ApiCall& call, model::EnrollmentKind kind);
  Task<std::expected<std::shared_ptr<const model::Enrollment>, ApiError>> find(const ApiCall& call,
                                                                               model::EnrollmentKind kind);

  store::Store& store_;
  EnrollmentWriter writer_;
  EnrollmentTexts texts_;
  const std::size_t bulk_items_;  ///< most items of a bulk call
};

}  // namespace muster::server
