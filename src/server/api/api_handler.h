#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "server/api/api_call.h"
#include "server/api/instance_directory.h"
#include "server/api/operation_info.h"
#include "server/api/service_auth.h"
#include "server/api/service_limits.h"
#include "server/http/message.h"
#include "store/store.h"

namespace muster::server {

/// The largest body of a service or management request, octets; four times what the largest bulk call needs.
inline constexpr std::size_t kServiceBodyLimit = 1024 * 1024;

/// Finds the route of each request, checks what the route declares (api-version, right) and turns refusals into
/// answers. Every answer carries x-ms-request-id; for refusals it equals the body's trackingId (device-api.md 3.6).
/// Thread-safe; what it refers to outlives it.
class ApiHandler final : public HttpHandler {
 public:
  struct Parts {
    const InstanceDirectory& instances;
    store::Store& store;
    const Clock& clock;
    Random& random;
    std::chrono::seconds sas_tolerance;
    ServiceLimits limits;
    std::vector<OperationObserver*> observers = {};
  };

  ApiHandler(Parts parts, std::vector<Route> routes);

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  [[nodiscard]] std::size_t body_limit(std::string_view method, std::string_view target) const override;
  Task<HttpResponse> handle(const HttpRequest& request) override;
  [[nodiscard]] HttpResponse refuse(int status, std::string_view reason) const override;

 private:
  Task<ApiResult> dispatch(ApiCall& call);
  Task<ApiResult> serve_operator(const Route& route, ApiCall& call);

  Parts parts_;
  ServiceAuth auth_;
  RateLimiter operations_;  ///< by instance
  std::vector<Route> routes_;
  std::vector<OperationInfo> infos_;  ///< of the routes, and one more for what has none
};

}  // namespace muster::server
