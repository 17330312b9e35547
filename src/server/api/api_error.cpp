#include "server/api/api_error.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace muster::server {
namespace {

// When a store that is busy may be asked again; the API that knows the load tells better.
constexpr std::chrono::seconds kBusyRetryAfter{2};

}  // namespace

ApiError to_api_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return {400, 400000, error.message, error.detail};
    case ErrorCode::kUnsupported:
      return {400, 400001, error.message, error.detail};
    case ErrorCode::kUnauthorized:
      return {401, 401002, "Unauthorized", error.message + " " + error.detail};
    case ErrorCode::kLimitExceeded:
      return {403, 403201, error.message, error.detail};
    case ErrorCode::kNotFound:
      return {404, 404201, error.message, error.detail};
    case ErrorCode::kConflict:
      return {409, 409000, error.message, error.detail};
    case ErrorCode::kPreconditionFailed:
      return {412, 412001, error.message, error.detail};
    case ErrorCode::kTooLarge:
      return {413, 413000, error.message, error.detail};
    case ErrorCode::kUnavailable:
      return {429, 429001, "Operations are being throttled for this tenant.", error.message + " " + error.detail,
              kBusyRetryAfter};
    case ErrorCode::kInternal:
      break;
  }
  return {500, 500000, "Internal error.", error.message + " " + error.detail};
}

LogLevel refusal_level(const ApiError& error) {
  if (error.status >= 500) return LogLevel::kError;
  return error.repeated ? LogLevel::kDebug : LogLevel::kInfo;
}

std::string error_body(const ApiError& error, const std::string& tracking_id, TimePoint at) {
  return boost::json::serialize(boost::json::object{{"errorCode", error.code},
                                                    {"trackingId", tracking_id},
                                                    {"message", error.message},
                                                    {"timestampUtc", format_time(at)}});
}

}  // namespace muster::server
