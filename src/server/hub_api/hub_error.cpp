#include "server/hub_api/hub_error.h"

#include <algorithm>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "server/api/api_call.h"

namespace muster::server {
namespace {

constexpr std::chrono::seconds kBusyRetryAfter{2};

/// Clients split the text at semicolons and take the second part as the message (hub-api.md 1.8).
std::string one_part(std::string text) {
  std::ranges::replace(text, ';', ',');
  return text.empty() ? "The operation failed." : text;
}

}  // namespace

HubError to_hub_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
      return {400, 400004, "ArgumentInvalid", error.message, error.detail};
    case ErrorCode::kUnauthorized:
      return {401, 401002, "IotHubUnauthorizedAccess", "Unauthorized", error.message + " " + error.detail};
    case ErrorCode::kNotFound:
      return {404, 404001, "DeviceNotFound", error.message, error.detail};
    case ErrorCode::kConflict:
      return {409, 409001, "DeviceAlreadyExists", error.message, error.detail};
    case ErrorCode::kPreconditionFailed:
      return {412, 412001, "PreconditionFailed", error.message, error.detail};
    case ErrorCode::kTooLarge:
      return {413, 413001, "MessageTooLarge", error.message, error.detail};
    case ErrorCode::kLimitExceeded:
      return {403, 403002, "IotHubQuotaExceeded", error.message, error.detail};
    case ErrorCode::kUnavailable:
      return {
          503, 503001, "ServiceUnavailable", "The hub is busy.", error.message + " " + error.detail, kBusyRetryAfter};
    case ErrorCode::kInternal:
      break;
  }
  return {500, 500001, "ServerError", "Internal error.", error.message + " " + error.detail};
}

HttpResponse hub_error_response(const HubError& error, const std::string& tracking_id, TimePoint at) {
  const boost::json::object body{
      {"Message", fmt::format("ErrorCode:{};{}", error.name, one_part(error.message))},
      {"ExceptionMessage", fmt::format("Tracking ID:{}-TimeStamp:{}", tracking_id, format_time(at))}};
  HttpResponse response = json_response(error.status, boost::json::serialize(body));
  response.headers.emplace_back("iothub-errorcode", error.name);
  if (error.retry_after) response.headers.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  return response;
}

}  // namespace muster::server
