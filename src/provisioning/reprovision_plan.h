#pragma once

#include <optional>

#include "provisioning/assignment.h"

namespace muster::provisioning {

/// Never, migrate or reset, with the defaults of old and new device APIs.
model::ReprovisionPolicy effective_policy(const AssignmentInput& input);

/// design section 9: a group device keeps the spelling of its first registration. A device that has an
/// assignment keeps its device id until its record is deleted.
std::string device_id_of(const AssignmentInput& input);

/// A hub that a device moves away from.
struct FormerHub {
  model::LinkedHub hub;  ///< not linked: only its name and kind are known
  bool linked = true;    ///< reachable with the credentials of its link; a hub of our own always is
};

/// What is to happen at which hub; docs/reprovision.md has the matrix.
struct ReprovisionPlan {
  const model::LinkedHub* target = nullptr;
  std::optional<FormerHub> former;  ///< when the device moves
  bool carry = false;               ///< its data go along (R-110)
  /// Takes the place of the twin that goes along.
  std::optional<InitialTwin> twin_instead = {};
  HubDeviceSpec spec;
  model::Substatus substatus = model::Substatus::kInitialAssignment;
};

/// `chosen` has a hub.
ReprovisionPlan plan_for(const Allocation& chosen, const AssignmentInput& input);

}  // namespace muster::provisioning
