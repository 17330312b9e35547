#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

namespace muster::server {

/// A refusal on its way to the peer: HTTP status, the six-digit code of the body (device-api.md 3.6,
/// service-api.md 7.1) and texts for the peer and for the log.
struct ApiError {
  int status = 500;
  int code = 500000;
  std::string message;
  std::string detail = {};
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
  bool repeated = false;  ///< one of a row of the same, of which only the first is worth the operator's attention
};

/// The HTTP status and code that stand for a failure of a lower module when the operation knows nothing better.
ApiError to_api_error(const Error& error);

/// How loud the log is about it: our own failures as errors, repeated ones only for debugging.
LogLevel refusal_level(const ApiError& error);

/// The JSON that tells a peer of a refusal, on every transport.
std::string error_body(const ApiError& error, const std::string& tracking_id, TimePoint at);

inline std::unexpected<ApiError> refuse(int status, int code, std::string message, std::string detail = {}) {
  return std::unexpected(ApiError{status, code, std::move(message), std::move(detail)});
}
inline std::unexpected<ApiError> refuse(const Error& error) {
  return std::unexpected(to_api_error(error));
}

}  // namespace muster::server
