#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "model/registration.h"
#include "provisioning/allocation.h"
#include "provisioning/hub_link.h"

namespace muster::provisioning {

/// What an assignment is made of; references outlive the task.
struct AssignmentInput {
  const model::InstanceConfig& config;
  const model::Enrollment& enrollment;
  const model::Registration& record;  ///< as it stands: `assigning`, with the last assignment when there is one
  const model::HubCredential& credential;
  std::string api_version;  ///< of the device API, for R-114
  DevicePlace place = {};   ///< for R-086
};

/// How an assignment ended, and what is to be written with the record.
struct AssignmentResult {
  enum class Status { kAssigned, kFailed } status = Status::kFailed;
  std::string hub;        ///< assigned: host name
  std::string device_id;  ///< assigned
  model::Substatus substatus = model::Substatus::kInitialAssignment;
  int error_code = 0;          ///< failed: six digits
  std::string error_message;   ///< failed: safe for the device
  std::optional<Cause> cause;  ///< failed
  std::vector<Check> checks;
  std::optional<boost::json::value> payload = {};  ///< assigned: from a webhook, for the device (R-104)

  std::optional<store::HubDeviceChange> device = {};    ///< at a hub of our own that it comes to
  std::optional<store::HubDeviceRemoval> removal = {};  ///< from a hub of our own that it leaves
  std::optional<store::HubLeftover> leftover = {};      ///< at another hub that it leaves
};

/// A failed registration whose hub refused the device, or did not answer for too long.
AssignmentResult hub_failure(Cause cause, std::string message, std::vector<Check> checks);

/// The hub that the device has and stays at, because its entry says so; null: it goes where allocation says. It
/// points into the configuration of `input`.
const model::LinkedHub* staying_hub(const AssignmentInput& input);

/// The hub to go to: where the device stays, else where allocation says. A hub in the result points into the
/// configuration of `input`. Not for the policy custom (custom_allocation.h).
Allocation choose_hub(const AssignmentInput& input);

/// An assignment that is no more than a change in our own store: of a device that gets or keeps a hub of our own.
/// nullopt: a hub has to be asked, or left.
std::optional<AssignmentResult> assign_in_store(const AssignmentInput& input, Allocation allocation, HubLink& hubs);

/// Makes the device known to its hub: first assignment, the same hub again, or a move with its twin, as the entry's
/// reprovision policy says (semantics.md section 9, hub-api.md 5.2 and 5.3).
///
/// What a hub elsewhere is to get is noted in `store` first, so that whatever becomes of this assignment the device
/// ends at one hub: repeating it goes on where it was, and what its record does not name is cleaned up (leftovers.h).
/// An Error means passing trouble at a hub: nothing is final and the assignment may be tried again.
Task<Result<AssignmentResult>> assign(const AssignmentInput& input, Allocation allocation, HubLink& hubs,
                                      store::Store& store, TimePoint now);

}  // namespace muster::provisioning
