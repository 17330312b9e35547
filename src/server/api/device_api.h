#pragma once

#include <vector>

#include "server/api/api_call.h"
#include "server/api/device_service.h"

namespace muster::server {

/// The device API over HTTPS (device-api.md 3). Only translates. Thread-safe; what it refers to outlives it.
class DeviceApi {
 public:
  explicit DeviceApi(DeviceService& devices) : devices_(devices) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> register_device(const ApiCall& call);
  Task<ApiResult> operation_status(const ApiCall& call);
  Task<ApiResult> look_up(const ApiCall& call);

  DeviceService& devices_;
};

}  // namespace muster::server
