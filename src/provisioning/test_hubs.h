#pragma once

// For tests of this module: hubs that are easy to look into.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provisioning/hub_link.h"

namespace muster::provisioning::testing {

/// Does nothing well; what a test wants to see or spoil is overridden.
class QuietHub : public HubLink {
 public:
  Task<Result<PutOutcome>> put_identity(model::InstanceId, model::LinkedHub, HubDeviceSpec) override {
    co_return PutOutcome::kCreated;
  }
  Task<Result<void>> write_twin(model::InstanceId, model::LinkedHub, std::string, InitialTwin, TwinWrite) override {
    co_return Result<void>();
  }
  Task<Result<std::optional<DeviceData>>> read_device(model::InstanceId, model::LinkedHub, std::string) override {
    co_return std::nullopt;
  }
  Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub, std::string) override {
    co_return Result<void>();
  }
  Task<Result<bool>> set_status(model::InstanceId, model::LinkedHub, std::string, HubDeviceStatus) override {
    co_return false;
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId&, const model::LinkedHub&, HubDeviceSpec,
                                                   std::optional<StoredLeave>) override {
    return std::nullopt;
  }
  std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId&, const model::LinkedHub&, std::string,
                                                        const DeviceData*) override {
    return std::nullopt;
  }
  std::chrono::seconds expected_wait(const model::InstanceId&, const model::LinkedHub&) override { return wait; }
  std::optional<std::chrono::milliseconds> latency(const model::InstanceId&, const model::LinkedHub&) override {
    return std::nullopt;
  }
  bool answers(const model::InstanceId&, const model::LinkedHub&) override { return true; }

  std::chrono::seconds wait{0};
};

/// A hub that takes every device, and can be told to fail a number of times.
class CountingHub final : public QuietHub {
 public:
  Task<Result<PutOutcome>> put_identity(model::InstanceId, model::LinkedHub, HubDeviceSpec spec) override {
    ++puts;
    if (refuses) co_return fail(ErrorCode::kUnauthorized, "no such key");
    if (failures > 0) {
      --failures;
      co_return fail(ErrorCode::kUnavailable, "busy");
    }
    credential = spec.credential;
    co_return PutOutcome::kCreated;
  }

  std::atomic<int> puts = 0;
  std::atomic<int> failures = 0;
  std::atomic<bool> refuses = false;
  std::optional<model::HubCredential> credential;  // read when the registrar is idle
};

/// A hub whose registry is in our own store.
class StoredHub final : public QuietHub {
 public:
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId&, const model::LinkedHub& hub,
                                                   HubDeviceSpec spec, std::optional<StoredLeave>) override {
    std::string device_id = spec.device_id;
    auto change = [hub = hub.host_name, spec = std::move(spec)](const model::HubDevice*,
                                                                const model::HubDevice*) -> Result<model::HubDevice> {
      model::HubDevice device;
      device.hub = hub;
      device.device_id = spec.device_id;
      device.credential = spec.credential;
      return device;
    };
    return store::HubDeviceChange{.hub = hub.host_name, .device_id = std::move(device_id), .change = std::move(change)};
  }
};

/// Hubs elsewhere as maps. `before` is asked before each step and `after` when it is done, by names such as
/// "put b.test": what it returns is the answer in place of the hub's.
class MapHubs final : public QuietHub {
 public:
  using Fault = std::function<std::optional<Error>(const std::string& step)>;
  struct Device {
    HubDeviceSpec spec;
    model::Twin twin;
    HubDeviceStatus status;
  };

  Task<Result<PutOutcome>> put_identity(model::InstanceId, model::LinkedHub hub, HubDeviceSpec spec) override {
    const std::string step = "put " + hub.host_name;
    if (auto fault = ask(before, step)) co_return std::unexpected(*fault);
    const bool known = at(hub).contains(spec.device_id);
    Device& device = at(hub)[spec.device_id];
    device.spec = std::move(spec);
    if (auto fault = ask(after, step)) co_return std::unexpected(*fault);
    co_return known ? PutOutcome::kFound : PutOutcome::kCreated;
  }
  Task<Result<void>> write_twin(model::InstanceId, model::LinkedHub hub, std::string id, InitialTwin twin,
                                TwinWrite how) override {
    const std::string step = "twin " + hub.host_name;
    if (auto fault = ask(before, step)) co_return std::unexpected(*fault);
    Device& device = at(hub).at(id);
    if (how == TwinWrite::kReplace) device.twin = {};
    model::merge_members(device.twin.tags, twin.tags);
    model::merge_members(device.twin.desired.values, twin.desired);
    if (auto fault = ask(after, step)) co_return std::unexpected(*fault);
    co_return Result<void>();
  }
  Task<Result<std::optional<DeviceData>>> read_device(model::InstanceId, model::LinkedHub hub,
                                                      std::string id) override {
    const std::string step = "read " + hub.host_name;
    if (auto fault = ask(before, step)) co_return std::unexpected(*fault);
    const auto found = at(hub).find(id);
    if (found == at(hub).end()) co_return std::nullopt;
    co_return DeviceData{.twin = found->second.twin};
  }
  Task<Result<bool>> set_status(model::InstanceId, model::LinkedHub hub, std::string id,
                                HubDeviceStatus status) override {
    const std::string step = "status " + hub.host_name;
    if (auto fault = ask(before, step)) co_return std::unexpected(*fault);
    const auto found = at(hub).find(id);
    if (found == at(hub).end()) co_return false;
    found->second.status = std::move(status);
    co_return true;
  }
  Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub hub, std::string id) override {
    const std::string step = "delete " + hub.host_name;
    if (auto fault = ask(before, step)) co_return std::unexpected(*fault);
    at(hub).erase(id);
    if (auto fault = ask(after, step)) co_return std::unexpected(*fault);
    co_return Result<void>();
  }

  std::map<std::string, Device>& at(const model::LinkedHub& hub) { return hubs[hub.host_name]; }

  std::map<std::string, std::map<std::string, Device>> hubs;
  Fault before;
  Fault after;
  std::vector<std::string> steps;  ///< those that were begun

 private:
  std::optional<Error> ask(const Fault& fault, const std::string& step) {
    if (&fault == &before) steps.push_back(step);
    return fault ? fault(step) : std::nullopt;
  }
};

}  // namespace muster::provisioning::testing
