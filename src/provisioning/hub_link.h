#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "base/task.h"
#include "model/hub_device.h"
#include "model/instance.h"
#include "store/store.h"

namespace muster::provisioning {

/// The parts of a twin that provisioning sets or moves (hub-api.md 5.2, 5.3).
struct TwinState {
  boost::json::object tags;
  boost::json::object desired;
};

/// What a hub is to know of a device.
struct HubDeviceSpec {
  std::string device_id;
  model::HubCredential credential = {};
  bool iot_edge = false;
  /// For a device that the hub does not have yet: its first twin.
  TwinState initial_twin = {};
  /// Also replace the twin of a device that is there already; otherwise it stays untouched.
  enum class ExistingTwin { kKeep, kReplace } existing_twin = ExistingTwin::kKeep;
};

/// Provisioning's hand at the linked hubs (design section 3). Implementations are found in src/hub. Thread-safe.
///
/// Errors: kUnavailable and kInternal may pass by themselves; kUnauthorized means that the link's credential is broken
/// kUnsupported that this kind of hub cannot be served.
class HubLink {
 public:
  virtual ~HubLink() = default;

  /// Creates the device or takes it over: its credential and capabilities are replaced, the rest is kept
  /// (hub-api.md 5.2).
  virtual Task<Result<void>> put_device(model::InstanceId instance, model::LinkedHub hub, HubDeviceSpec spec) = 0;
  /// put_device() as a change in our own store, to be made in the transaction of the registration. nullopt: this hub
  /// has to be asked.
  virtual std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance,
                                                           const model::LinkedHub& hub, HubDeviceSpec spec) = 0;
  /// nullopt when the hub has no such device.
  virtual Task<Result<std::optional<TwinState>>> read_twin(model::InstanceId instance, model::LinkedHub hub,
                                                           std::string device_id) = 0;
  /// A device that is not there counts as deleted.
  virtual Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) = 0;
};

}  // namespace muster::provisioning
