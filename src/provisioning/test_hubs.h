#pragma once

// For tests of this module: hubs that are easy to look into.

#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "provisioning/hub_link.h"

namespace muster::provisioning::testing {

/// A hub that takes every device, and can be told to fail a number of times.
class CountingHub final : public HubLink {
 public:
  Task<Result<void>> put_device(model::InstanceId, model::LinkedHub, HubDeviceSpec spec) override {
    ++puts;
    if (refuses) co_return fail(ErrorCode::kUnauthorized, "no such key");
    if (failures > 0) {
      --failures;
      co_return fail(ErrorCode::kUnavailable, "busy");
    }
    credential = spec.credential;
    co_return Result<void>();
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId&, const model::LinkedHub&,
                                                   HubDeviceSpec) override {
    return std::nullopt;
  }
  Task<Result<std::optional<TwinState>>> read_twin(model::InstanceId, model::LinkedHub, std::string) override {
    co_return std::nullopt;
  }
  Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub, std::string) override {
    co_return Result<void>();
  }

  std::atomic<int> puts = 0;
  std::atomic<int> failures = 0;
  std::atomic<bool> refuses = false;
  std::optional<model::HubCredential> credential;  // read when the registrar is idle
};

/// A hub whose registry is in our own store.
class StoredHub final : public HubLink {
 public:
  Task<Result<void>> put_device(model::InstanceId, model::LinkedHub, HubDeviceSpec) override {
    co_return fail(ErrorCode::kInternal, "must not be asked");
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId&, const model::LinkedHub& hub,
                                                   HubDeviceSpec spec) override {
    std::string device_id = spec.device_id;
    auto change = [hub = hub.host_name, spec = std::move(spec)](const model::HubDevice*) -> Result<model::HubDevice> {
      model::HubDevice device;
      device.hub = hub;
      device.device_id = spec.device_id;
      device.credential = spec.credential;
      return device;
    };
    return store::HubDeviceChange{hub.host_name, std::move(device_id), std::move(change)};
  }
  Task<Result<std::optional<TwinState>>> read_twin(model::InstanceId, model::LinkedHub, std::string) override {
    co_return std::nullopt;
  }
  Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub, std::string) override {
    co_return Result<void>();
  }
};

}  // namespace muster::provisioning::testing
