#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/enrollment.h"
#include "model/geo.h"
#include "model/instance.h"
#include "provisioning/cause.h"
#include "provisioning/decision.h"

namespace muster::provisioning {

/// Which hub, and why (semantics.md section 7).
struct Allocation {
  const model::LinkedHub* hub = nullptr;  ///< points into the configuration; null: no assignment
  int error_code = 0;                     ///< without hub: the registration's six-digit code (R-213, R-215)
  std::string error_message;
  std::optional<Cause> cause;  ///< without hub
  std::vector<Check> checks;
};

/// Where a device is, and how far hubs are from there.
struct DevicePlace {
  std::string address = {};              ///< from which the device calls
  const model::GeoTable* geo = nullptr;  ///< null: nothing is known of places; outlives this
  /// What the service measured of a hub; may be null.
  std::function<std::optional<std::chrono::milliseconds>(const model::LinkedHub&)> measured = {};
};

/// Chooses the hub of a device. Deterministic in its arguments. `enrollment` overrides the instance's policy
/// hubs it names are reached even without applyAllocationPolicy. By geoLatency the nearest hubs are
/// chosen from, by the weighted hash when they are several or nothing is known.
Allocation allocate(const model::Enrollment& enrollment, const model::InstanceConfig& config,
                    std::string_view registration_id, const DevicePlace& place = {});

/// Weighted rendezvous hashing: the place of one hub for one device. The hub with the largest score is chosen, so a hub
/// that comes or goes moves only the devices it wins or loses.
double rendezvous_score(std::string_view registration_id, std::string_view hub_host_name, int weight);

}  // namespace muster::provisioning
