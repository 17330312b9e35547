#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "hub/registry.h"
#include "model/instance.h"
#include "server/http/message.h"
#include "server/hub_api/hub_error.h"
#include "wire/request_target.h"

namespace muster::server {

using HubResult = std::expected<HttpResponse, HubError>;

/// One request to a hub with what routing has found out about it. Lives while it is handled.
struct HubCall {
  const HttpRequest& request;
  const wire::RequestTarget& target;
  std::vector<std::string> arguments;  ///< the segments that stand for "{}" in the route
  std::string tracking_id;
  TimePoint at;
  hub::HubName hub;
  std::shared_ptr<const model::InstanceConfig> config;  ///< of the hub's instance
  std::string policy = {};                              ///< whose key signed the request
};

/// One operation of a hub's service API; the caller's policy must allow one of `rights`.
struct HubRoute {
  std::string method;
  std::vector<std::string> path;  ///< segments; "{}" stands for any one
  std::vector<model::HubRight> rights;
  std::function<Task<HubResult>(const HubCall&)> handle;
};

}  // namespace muster::server
