#pragma once

#include <expected>
#include <string_view>

#include "model/enrollment.h"
#include "server/api/api_call.h"

namespace muster::server {

/// What the two collections call themselves (service-api.md 7.1).
struct EnrollmentWords {
  std::string_view collection;
  std::string_view id_member;
  std::string_view item_type;
  std::string_view exists;
  std::string_view missing;
  int exists_code;
  int missing_code;
};

const EnrollmentWords& enrollment_words(model::EnrollmentKind kind);

/// A failure of an operation on an entry, with the codes and texts of its collection.
ApiError to_api_error(model::EnrollmentKind kind, const Error& error);

inline std::unexpected<ApiError> refuse_for(model::EnrollmentKind kind, const Error& error) {
  return std::unexpected(to_api_error(kind, error));
}

}  // namespace muster::server
