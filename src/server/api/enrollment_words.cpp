#include "server/api/enrollment_words.h"

namespace muster::server {

using model::EnrollmentKind;

const EnrollmentWords& enrollment_words(EnrollmentKind kind) {
  static constexpr EnrollmentWords kIndividual{.collection = "enrollments",
                                               .id_member = "registrationId",
                                               .item_type = "Enrollment",
                                               .exists = "Enrollment already exists.",
                                               .missing = "Enrollment not found.",
                                               .exists_code = 409201,
                                               .missing_code = 404201};
  static constexpr EnrollmentWords kGroup{.collection = "enrollmentGroups",
                                          .id_member = "enrollmentGroupId",
                                          .item_type = "EnrollmentGroup",
                                          .exists = "EnrollmentGroup already exists.",
                                          .missing = "EnrollmentGroup not found.",
                                          .exists_code = 409202,
                                          .missing_code = 404204};
  return kind == EnrollmentKind::kIndividual ? kIndividual : kGroup;
}

ApiError to_api_error(EnrollmentKind kind, const Error& error) {
  ApiError mapped = to_api_error(error);
  if (error.code == ErrorCode::kConflict) mapped.code = enrollment_words(kind).exists_code;
  if (error.code == ErrorCode::kNotFound) {
    mapped.code = enrollment_words(kind).missing_code;
    mapped.message = enrollment_words(kind).missing;
  }
  return mapped;
}

}  // namespace muster::server
