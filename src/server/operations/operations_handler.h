#pragma once

#include "server/http/message.h"
#include "server/metrics/metrics.h"
#include "server/operations/liveness.h"
#include "server/operations/readiness.h"

namespace muster::server {

/// What operators' tools ask: /metrics, /healthz, /readyz. Served on a listener of its own, on one thread.
class OperationsHandler final : public HttpHandler {
 public:
  /// All outlive this.
  struct Parts {
    const Metrics& metrics;
    const Liveness& liveness;
    Readiness& readiness;
  };

  explicit OperationsHandler(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::size_t body_limit(std::string_view method, std::string_view target) const override;
  Task<HttpResponse> handle(const HttpRequest& request) override;
  [[nodiscard]] HttpResponse refuse(int status, std::string_view reason) const override;

 private:
  [[nodiscard]] HttpResponse health() const;
  Task<HttpResponse> readiness();

  Parts parts_;
};

}  // namespace muster::server
