#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace muster {

/// A value or the Error that prevented it. Used across modules; nothing untrusted throws.
template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::kNotFound, "Enrollment not found.");`
inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {}) {
  return std::unexpected<Error>(Error{code, std::move(message), std::move(detail)});
}

/// Shorthand for the commonest refusal: input that can never be right.
inline std::unexpected<Error> invalid(std::string message, std::string detail = {}) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), std::move(detail));
}

}  // namespace muster
