#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "base/task.h"
#include "model/hub_device.h"
#include "model/instance.h"
#include "store/store.h"

namespace muster::provisioning {

/// The twin that a device begins with.
struct InitialTwin {
  boost::json::object tags = {};
  boost::json::object desired = {};

  bool operator==(const InitialTwin&) const = default;
};

/// What a device takes along to another hub.
struct DeviceData {
  model::Twin twin = {};
  bool enabled = true;
  std::string status_reason = {};
  bool iot_edge = false;
};

/// What a hub is to know of a device.
struct HubDeviceSpec {
  std::string device_id;
  model::HubCredential credential = {};
  std::optional<bool> iot_edge = {};  ///< nullopt: as it is, or was at the hub that the device leaves
  /// For a device that the hub does not have yet.
  InitialTwin initial_twin = {};
  /// Also replace the twin of a device that is there already; otherwise it stays untouched.
  enum class ExistingTwin { kKeep, kReplace } existing_twin = ExistingTwin::kKeep;
  /// Takes the place of the initial twin, and as much of the rest as the hub lets others write.
  std::optional<DeviceData> carried = {};
  bool expected_there = false;  ///< the device was assigned to this hub before
};

/// How a device came to be at its hub.
enum class PutOutcome {
  kCreated,
  kFound,    ///< it was there before, and was taken over
  kUnclear,  ///< an earlier try, whose answer was lost, may have made it
};

/// Whether a hub lets a device in.
struct HubDeviceStatus {
  bool enabled = true;
  std::string reason = {};  ///< for people

  bool operator==(const HubDeviceStatus&) const = default;
};

/// A hub of our own that a device leaves for another one in the same transaction.
struct StoredLeave {
  model::LinkedHub hub;
  bool carry = false;  ///< its data go along (R-110); otherwise it starts afresh (R-111)
};

/// Provisioning's hand at the linked hubs (design section 3). Implementations are found in src/hub. Thread-safe.
///
/// A hub that is served here is changed in our own store, in the transaction of the registration: stored_put() and
/// stored_removal(). Any other is asked step by step; each step may be repeated.
///
/// Errors: kUnavailable and kInternal may pass by themselves; kUnauthorized means that the link's credential is broken
/// kUnsupported that this kind of hub cannot do it; anything else that the hub refuses this device.
class HubLink {
 public:
  virtual ~HubLink() = default;

  /// Creates the device or takes it over: its credential and capabilities are replaced, the rest is kept, its twin too
  /// (hub-api.md 5.2).
  virtual Task<Result<PutOutcome>> put_identity(model::InstanceId instance, model::LinkedHub hub,
                                                HubDeviceSpec spec) = 0;
  /// Tags and desired properties. kMerge is for devices that were created a moment ago.
  enum class TwinWrite { kMerge, kReplace };
  virtual Task<Result<void>> write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                        InitialTwin twin, TwinWrite how) = 0;
  /// nullopt when the hub has no such device.
  virtual Task<Result<std::optional<DeviceData>>> read_device(model::InstanceId instance, model::LinkedHub hub,
                                                              std::string device_id) = 0;
  /// A device that is not there counts as deleted.
  virtual Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) = 0;
  /// A device that is shut out loses its connection at once. False: the hub has no such device.
  virtual Task<Result<bool>> set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                        HubDeviceStatus status) = 0;

  /// Identity and twin as a change in our own store. nullopt: this hub has to be asked.
  virtual std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance,
                                                           const model::LinkedHub& hub, HubDeviceSpec spec,
                                                           std::optional<StoredLeave> leave) = 0;
  /// delete_device() as a change in our own store; kPreconditionFailed when the device's twin is not `read` any more
  /// (null: whatever it is). nullopt: this hub has to be asked.
  virtual std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId& instance,
                                                                const model::LinkedHub& hub, std::string device_id,
                                                                const DeviceData* read) = 0;

  /// How long a device that comes now has to wait for this hub, as far as is known.
  [[nodiscard]] virtual std::chrono::seconds expected_wait(const model::InstanceId& instance,
                                                           const model::LinkedHub& hub) = 0;
  /// How long the hub takes to answer this service, when that is known.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> latency(const model::InstanceId& instance,
                                                                         const model::LinkedHub& hub) = 0;
  /// Whether it makes sense to ask the hub now for something that can wait.
  [[nodiscard]] virtual bool answers(const model::InstanceId& instance, const model::LinkedHub& hub) = 0;
};

}  // namespace muster::provisioning
