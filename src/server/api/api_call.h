#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "model/instance.h"
#include "server/api/api_error.h"
#include "server/http/message.h"
#include "wire/request_target.h"

namespace muster::server {

/// An answer, or the refusal that becomes one.
using ApiResult = std::expected<HttpResponse, ApiError>;

struct OperationInfo;

/// One request with what routing has found out about it. Lives while it is handled.
struct ApiCall {
  const HttpRequest& request;
  const wire::RequestTarget& target;
  std::vector<std::string> arguments;  ///< the segments that stand for "{}" in the route
  std::string tracking_id;
  TimePoint at;
  std::shared_ptr<const model::InstanceConfig> config;  ///< service and management API: of the host's instance
  const OperationInfo* operation = nullptr;             ///< what the route does
  std::string policy = {};                              ///< service and management API: whose key signed the request
};

/// One operation of an API. `right` is what the caller's policy must allow; routes without one are for devices, which
/// prove themselves.
struct Route {
  std::string method;
  std::vector<std::string>
      path;  ///< segments; "{}" stands for any one. Fixed words match without case (service-api.md 0)
  std::optional<model::Right> right;
  std::function<Task<ApiResult>(const ApiCall&)> handle;
};

/// The answer that tells a refusal: the error body, x-ms-request-id and x-ms-error-code.
HttpResponse error_response(const ApiError& error, const std::string& tracking_id, TimePoint at);

/// A JSON answer.
HttpResponse json_response(int status, std::string body);

}  // namespace muster::server
