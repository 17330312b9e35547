#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

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
  std::optional<boost::json::object> initial_twin = {};  ///< from a webhook, in place of the enrollment's (R-103)
  std::optional<boost::json::value> payload = {};        ///< from a webhook, for the device (R-104)
};

/// No hub, and what the device is told of it; a last failed check "allocation.hub" is added.
Allocation no_allocation(Cause cause, std::string message, std::vector<Check> checks);

/// The enrollment's policy, or else the instance's.
model::AllocationPolicy allocation_policy_of(const model::Enrollment& enrollment, const model::InstanceConfig& config);

/// The hubs to choose from: those that the enrollment names and that are linked, or else all that take part in
/// allocation. They point into the configuration.
std::vector<const model::LinkedHub*> allocation_candidates(const model::Enrollment& enrollment,
                                                           const model::InstanceConfig& config,
                                                           std::vector<Check>& checks);
/// Why there is nothing to choose from.
Allocation no_candidates(const model::Enrollment& enrollment, std::vector<Check> checks);

/// Where a device is, and how far hubs are from there.
struct DevicePlace {
  std::string address = {};              ///< from which the device calls
  const model::GeoTable* geo = nullptr;  ///< null: nothing is known of places; outlives this
  /// What the service measured of a hub; may be null.
  std::function<std::optional<std::chrono::milliseconds>(const model::LinkedHub&)> measured = {};
};

/// Chooses the hub of a device. Deterministic in its arguments. `enrollment` overrides the instance's policy
/// hubs it names are reached even without applyAllocationPolicy. By geoLatency the nearest hubs are
/// chosen from, by the weighted hash when they are several or nothing is known. Not for the policy custom,
/// which takes a webhook (custom_allocation.h).
Allocation allocate(const model::Enrollment& enrollment, const model::InstanceConfig& config,
                    std::string_view registration_id, const DevicePlace& place = {});

/// Weighted rendezvous hashing: the place of one hub for one device. The hub with the largest score is chosen, so a hub
/// that comes or goes moves only the devices it wins or loses.
double rendezvous_score(std::string_view registration_id, std::string_view hub_host_name, int weight);

}  // namespace muster::provisioning
