#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "provisioning/device_queue.h"
#include "provisioning/hub_link.h"
#include "store/store.h"

namespace muster::provisioning {

/// Cuts devices off in one go, as after a breach: their entry lets nobody in any more, and neither do the hubs where
/// its devices are (hub-api.md 5.3: disabling an enrollment alone leaves a stolen certificate good at the hub). Or lets
/// them in again.
///
/// The entry comes first, and what is done to a device waits for its registration that is under way; so no device slips
/// through. Everything may be repeated. Thread-safe; what it is made of outlives it and its tasks.
class Revocation {
 public:
  struct Parts {
    store::Store& store;
    HubLink& hubs;
    DeviceQueue& queue;
    const Clock& clock;
    Random& random;
  };

  explicit Revocation(Parts parts) : parts_(parts) {}

  struct Order {
    model::EnrollmentKind kind = model::EnrollmentKind::kIndividual;
    std::string entry_id;
    bool revoke = true;  ///< false: let in again
    std::string reason = {};
    std::string after = {};  ///< of a group: the page's `next` before; its devices are done page by page
    std::size_t limit = 100;
  };

  /// What became of one device.
  struct Device {
    std::string registration_id;
    std::string device_id;
    std::string hub;
    enum class Outcome { kDone, kAbsent, kUnlinked, kFailed } outcome = Outcome::kDone;
    std::optional<Error> error = {};  ///< kFailed
  };
  struct Report {
    model::Enrollment entry;
    std::vector<Device> devices;
    std::string next;  ///< pass as Order::after to go on; empty: that was all
  };

  /// kNotFound: no such entry.
  Task<Result<Report>> apply(model::InstanceId instance, Order order);

 private:
  Task<Result<model::Enrollment>> set_entry(model::InstanceId instance, const Order& order);
  Task<Result<store::Page<model::Registration>>> records(model::InstanceId instance, const Order& order);
  Task<Device> set_device(model::InstanceId instance, std::string registration_id, HubDeviceStatus status);
  Task<Device> in_turn(model::InstanceId instance, std::string registration_id, HubDeviceStatus status);

  Parts parts_;
};

}  // namespace muster::provisioning
