#pragma once

#include <string>
#include <string_view>

namespace muster {

/// What kind of failure an Error is. Each API maps a kind to its own status; finer codes stay with the API.
enum class ErrorCode {
  kInvalidArgument,     ///< the input can never be right: malformed, out of range, contradictory
  kUnauthorized,        ///< credentials missing, wrong or insufficient
  kNotFound,            ///< the thing named does not exist
  kConflict,            ///< the thing to be created exists, or another change is under way
  kPreconditionFailed,  ///< an etag did not match
  kTooLarge,            ///< a size limit was exceeded
  kLimitExceeded,       ///< a count limit was exceeded
  kUnsupported,         ///< understood, but not offered by this version or configuration
  kUnavailable,         ///< passing trouble: try again later
  kInternal,            ///< a fault of ours: disk, broken invariant, damaged data
};

/// Lower-case name of a code for logs, such as "not-found".
std::string_view to_string(ErrorCode code);

/// A failure as a value. `message` may be shown to any peer; `detail` is for the operator's log only.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string detail = {};

  bool operator==(const Error&) const = default;
};

}  // namespace muster
