#pragma once

#include <vector>

#include "provisioning/attempt_journal.h"
#include "provisioning/cause.h"
#include "provisioning/registrar.h"
#include "server/api/api_call.h"
#include "server/api/instance_directory.h"
#include "server/api/service_limits.h"

namespace muster::server {

/// The device API over HTTPS (device-api.md 3): register, operation status, registration look-up. Only translates; the
/// decisions are the registrar's. Thread-safe; what it refers to outlives it.
class DeviceApi {
 public:
  /// A call that is refused before any device is looked at.
  struct Rejection {
    ApiError error;
    provisioning::Cause cause;
  };

  struct Parts {
    const InstanceDirectory& instances;
    store::Store& store;
    provisioning::Registrar& registrar;
    provisioning::AttemptJournal& attempts;
    const Clock& clock;
  };

  DeviceApi(const Parts& parts, const ServiceLimits& limits)
      : instances_(parts.instances),
        store_(parts.store),
        registrar_(parts.registrar),
        attempts_(parts.attempts),
        registrations_(limits.registrations, Waiting::kInTurn, parts.clock),
        device_registrations_(limits.device_registrations, Waiting::kAlone, parts.clock),
        device_polls_(limits.device_polls, Waiting::kAlone, parts.clock) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> register_device(const ApiCall& call);
  Task<ApiResult> operation_status(const ApiCall& call);
  Task<ApiResult> look_up(const ApiCall& call);
  Task<std::expected<provisioning::DeviceRequest, ApiError>> read_request(const ApiCall& call, std::string operation);
  std::unexpected<ApiError> rejected(const ApiCall& call, std::string operation, Rejection rejection);
  std::unexpected<ApiError> slowed(const ApiCall& call, std::string operation, const Throttle& throttle);
  std::unexpected<ApiError> failed(const ApiCall& call, std::string operation, ApiError error);

  const InstanceDirectory& instances_;
  store::Store& store_;
  provisioning::Registrar& registrar_;
  provisioning::AttemptJournal& attempts_;
  RateLimiter registrations_;         ///< by instance
  RateLimiter device_registrations_;  ///< by device_key()
  RateLimiter device_polls_;          ///< by device_key()
};

}  // namespace muster::server
