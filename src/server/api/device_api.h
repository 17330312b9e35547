#pragma once

#include <vector>

#include "provisioning/attempt_journal.h"
#include "provisioning/cause.h"
#include "provisioning/registrar.h"
#include "server/api/api_call.h"
#include "server/api/instance_directory.h"

namespace muster::server {

/// Octets of a device's request body (device-api.md 3.4).
inline constexpr std::size_t kDeviceBodyLimit = 64 * 1024;

/// The device API over HTTPS (device-api.md 3): register, operation status, registration look-up. Only translates; the
/// decisions are the registrar's. Thread-safe; what it refers to outlives it.
class DeviceApi {
 public:
  /// A call that is refused before any device is looked at.
  struct Rejection {
    ApiError error;
    provisioning::Cause cause;
  };

  DeviceApi(const InstanceDirectory& instances, store::Store& store, provisioning::Registrar& registrar,
            provisioning::AttemptJournal& attempts)
      : instances_(instances), store_(store), registrar_(registrar), attempts_(attempts) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> register_device(const ApiCall& call);
  Task<ApiResult> operation_status(const ApiCall& call);
  Task<ApiResult> look_up(const ApiCall& call);
  Task<std::expected<provisioning::DeviceRequest, ApiError>> read_request(const ApiCall& call, std::string operation);
  std::unexpected<ApiError> rejected(const ApiCall& call, std::string operation, Rejection rejection);
  std::unexpected<ApiError> failed(const ApiCall& call, std::string operation, ApiError error);

  const InstanceDirectory& instances_;
  store::Store& store_;
  provisioning::Registrar& registrar_;
  provisioning::AttemptJournal& attempts_;
};

}  // namespace muster::server
