#include "provisioning/reprovision_plan.h"

#include <utility>

#include "base/text.h"

namespace muster::provisioning {
namespace {

using model::Enrollment;
using model::EnrollmentKind;
using model::LinkedHub;
using model::ReprovisionPolicy;
using model::Substatus;

/// The last device-API version that keeps devices of entries without a policy where they are.
constexpr std::string_view kLastStickyApiVersion = "2018-04-01";

InitialTwin read_twin(const boost::json::object& text) {
  InitialTwin twin;
  if (const auto* tags = text.if_contains("tags"); tags != nullptr && tags->is_object()) {
    twin.tags = tags->get_object();
  }
  const auto* properties = text.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return twin;
  if (const auto* desired = properties->get_object().if_contains("desired");
      desired != nullptr && desired->is_object()) {
    twin.desired = desired->get_object();
  }
  return twin;
}

/// A hub of our own keeps its devices when it is unlinked, and its policies tell that it was one (adr 14).
FormerHub former_hub(const std::string& name, const model::InstanceConfig& config) {
  if (const LinkedHub* linked = config.find_hub(name); linked != nullptr) return {*linked, true};
  LinkedHub hub;
  hub.host_name = name;
  const bool ours = config.hub_policies.contains(to_lower(name));
  hub.kind = ours ? model::HubKind::kLocal : model::HubKind::kAzure;
  return {std::move(hub), ours};
}

/// A webhook's stands before the enrollment's.
InitialTwin initial_twin(const Allocation& chosen, const Enrollment& enrollment) {
  if (chosen.initial_twin) return read_twin(*chosen.initial_twin);
  return enrollment.initial_twin ? read_twin(*enrollment.initial_twin) : InitialTwin();
}

HubDeviceSpec spec_for(const Allocation& chosen, const AssignmentInput& input) {
  HubDeviceSpec spec;
  spec.device_id = device_id_of(input);
  spec.credential = input.credential;
  spec.iot_edge = input.enrollment.iot_edge;
  spec.initial_twin = initial_twin(chosen, input.enrollment);
  return spec;
}

}  // namespace

ReprovisionPolicy effective_policy(const AssignmentInput& input) {
  if (input.enrollment.reprovision_policy) return *input.enrollment.reprovision_policy;
  const std::string_view date = std::string_view(input.api_version).substr(0, kLastStickyApiVersion.size());
  const bool sticky = !date.empty() && date <= kLastStickyApiVersion;
  return {.update_hub_assignment = !sticky, .migrate_device_data = !sticky};
}

std::string device_id_of(const AssignmentInput& input) {
  if (!input.record.device_id.empty()) return input.record.device_id;
  if (input.enrollment.kind == EnrollmentKind::kGroup) return input.record.registration_id;
  return input.enrollment.device_id.empty() ? input.enrollment.id : input.enrollment.device_id;
}

ReprovisionPlan plan_for(const Allocation& chosen, const AssignmentInput& input) {
  const ReprovisionPolicy policy = effective_policy(input);
  const bool resets = policy.update_hub_assignment && !policy.migrate_device_data;
  ReprovisionPlan plan;
  plan.target = chosen.hub;
  plan.spec = spec_for(chosen, input);
  const std::string& former = input.record.assigned_hub;
  plan.spec.expected_there = equals_nocase(former, chosen.hub->host_name);
  if (former.empty() || plan.spec.expected_there) {
    // The first time, or its record was deleted: a device that is there is taken over. Else the same hub again
    // or for ever.
    if (resets) plan.spec.existing_twin = HubDeviceSpec::ExistingTwin::kReplace;
    if (resets && plan.spec.expected_there) plan.substatus = Substatus::kDeviceDataReset;
    return plan;
  }
  plan.former = former_hub(former, input.config);
  // Who is to stay loses nothing either when its hub is gone.
  plan.carry = !resets && plan.former->linked;
  if (plan.carry && chosen.initial_twin) plan.twin_instead = plan.spec.initial_twin;
  plan.spec.existing_twin = HubDeviceSpec::ExistingTwin::kReplace;
  plan.substatus = plan.carry ? Substatus::kDeviceDataMigrated : Substatus::kDeviceDataReset;
  return plan;
}

}  // namespace muster::provisioning
