#pragma once

#include <chrono>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "server/hub_api/hub_call.h"
#include "server/hub_api/local_hubs.h"
#include "store/store.h"

namespace muster::server {

/// The service API of the hubs that are served here, and the switch in front of it: a request whose Host is one of them
/// is theirs, everything else goes to `others` (design section 1). Thread-safe; what it refers to outlives it.
class HubHandler final : public HttpHandler {
 public:
  struct Parts {
    const InstanceDirectory& instances;
    store::Store& store;
    const Clock& clock;
    Random& random;
    std::chrono::seconds sas_tolerance;
    HttpHandler& others;
  };

  HubHandler(Parts parts, std::vector<HubRoute> routes) : parts_(parts), routes_(std::move(routes)) {}

  [[nodiscard]] const std::vector<HubRoute>& routes() const { return routes_; }

  [[nodiscard]] std::size_t body_limit(std::string_view method, std::string_view target) const override {
    return parts_.others.body_limit(method, target);
  }
  Task<HttpResponse> handle(const HttpRequest& request) override;
  [[nodiscard]] HttpResponse refuse(int status, std::string_view reason) const override {
    return parts_.others.refuse(status, reason);
  }

 private:
  Task<HttpResponse> handle_by_host(const HttpRequest& request);
  Task<HttpResponse> serve(LocalHubEntry found, const HttpRequest& request) const;
  Task<HubResult> dispatch(HubCall& call) const;

  Parts parts_;
  std::vector<HubRoute> routes_;
};

}  // namespace muster::server
