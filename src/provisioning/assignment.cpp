#include "provisioning/assignment.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace muster::provisioning {
namespace {

using model::Enrollment;
using model::EnrollmentKind;
using model::LinkedHub;
using model::ReprovisionPolicy;
using model::Substatus;

constexpr int kHubRefusedUs = 400209;  // device-api.md 3.6, R-214

/// The last device-API version that keeps devices of entries without a policy where they are.
constexpr std::string_view kLastStickyApiVersion = "2018-04-01";

ReprovisionPolicy effective_policy(const AssignmentInput& input) {
  if (input.enrollment.reprovision_policy) return *input.enrollment.reprovision_policy;
  const std::string_view date = std::string_view(input.api_version).substr(0, kLastStickyApiVersion.size());
  const bool sticky = !date.empty() && date <= kLastStickyApiVersion;
  return {.update_hub_assignment = !sticky, .migrate_device_data = !sticky};
}

/// design section 9: a group device keeps the spelling of its first registration. A device that has an
/// assignment keeps its device id until its record is deleted.
std::string device_id_of(const AssignmentInput& input) {
  if (!input.record.device_id.empty()) return input.record.device_id;
  if (input.enrollment.kind == EnrollmentKind::kGroup) return input.record.registration_id;
  return input.enrollment.device_id.empty() ? input.enrollment.id : input.enrollment.device_id;
}

TwinState initial_twin(const Enrollment& enrollment) {
  TwinState twin;
  if (!enrollment.initial_twin) return twin;
  if (const auto* tags = enrollment.initial_twin->if_contains("tags"); tags != nullptr && tags->is_object()) {
    twin.tags = tags->get_object();
  }
  const auto* properties = enrollment.initial_twin->if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return twin;
  if (const auto* desired = properties->get_object().if_contains("desired");
      desired != nullptr && desired->is_object()) {
    twin.desired = desired->get_object();
  }
  return twin;
}

AssignmentResult failed(Cause cause, int code, std::string message, std::vector<Check> checks) {
  AssignmentResult result;
  result.cause = cause;
  result.error_code = code;
  result.error_message = std::move(message);
  result.checks = std::move(checks);
  return result;
}

/// A definite refusal by the hub becomes the registration's result; anything else may pass.
Result<AssignmentResult> from_hub_error(const Error& error, const LinkedHub& hub, std::vector<Check> checks) {
  if (error.code != ErrorCode::kUnauthorized && error.code != ErrorCode::kUnsupported) return std::unexpected(error);
  checks.push_back({"hub.put-device", false, fmt::format("{}: {} {}", hub.host_name, error.message, error.detail)});
  return failed(Cause::kHubRefused, kHubRefusedUs, "The IoT hub refused the registration.", std::move(checks));
}

/// What is to happen at which hub.
struct Plan {
  const LinkedHub* target = nullptr;
  const LinkedHub* leave = nullptr;  ///< the former hub when the device moves and that hub is still linked
  HubDeviceSpec::ExistingTwin existing_twin = HubDeviceSpec::ExistingTwin::kKeep;
  bool carry_twin = false;  ///< copy the twin from `leave` (R-110)
  Substatus substatus = Substatus::kInitialAssignment;
};

/// The reprovision matrix of semantics.md section 9.
Plan plan_for(const LinkedHub& chosen, const AssignmentInput& input, const ReprovisionPolicy& policy) {
  Plan plan;
  plan.target = &chosen;
  const std::string& former = input.record.assigned_hub;
  if (former.empty()) {  // first registration, or its record was deleted: an existing device is taken over
    if (!policy.migrate_device_data && policy.update_hub_assignment) {
      plan.existing_twin = HubDeviceSpec::ExistingTwin::kReplace;
    }
    return plan;
  }
  if (equals_nocase(former, chosen.host_name)) {
    if (policy.update_hub_assignment && !policy.migrate_device_data) {
      plan.existing_twin = HubDeviceSpec::ExistingTwin::kReplace;
      plan.substatus = Substatus::kDeviceDataReset;
    }
    return plan;
  }
  plan.leave = input.config.find_hub(former);
  plan.carry_twin = policy.migrate_device_data && plan.leave != nullptr;
  plan.existing_twin = HubDeviceSpec::ExistingTwin::kReplace;
  plan.substatus = policy.migrate_device_data ? Substatus::kDeviceDataMigrated : Substatus::kDeviceDataReset;
  return plan;
}

HubDeviceSpec spec_for(const AssignmentInput& input, const Plan& plan) {
  HubDeviceSpec spec;
  spec.device_id = device_id_of(input);
  spec.credential = input.credential;
  spec.iot_edge = input.enrollment.iot_edge.value_or(false);
  spec.initial_twin = initial_twin(input.enrollment);
  spec.existing_twin = plan.existing_twin;
  return spec;
}

AssignmentResult assigned(const Plan& plan, std::string device_id, std::vector<Check> checks) {
  AssignmentResult result;
  result.status = AssignmentResult::Status::kAssigned;
  result.hub = plan.target->host_name;
  result.device_id = std::move(device_id);
  result.substatus = plan.substatus;
  result.checks = std::move(checks);
  return result;
}

AssignmentResult failed(Allocation allocation) {
  return failed(*allocation.cause, allocation.error_code, std::move(allocation.error_message),
                std::move(allocation.checks));
}

}  // namespace

Allocation choose_hub(const AssignmentInput& input) {
  const bool stays = !effective_policy(input).update_hub_assignment && !input.record.assigned_hub.empty();
  if (const LinkedHub* hub = stays ? input.config.find_hub(input.record.assigned_hub) : nullptr; hub != nullptr) {
    return {
        hub, 0, {}, std::nullopt, {{"allocation.hub", true, fmt::format("{} (never reprovisioned)", hub->host_name)}}};
  }
  return allocate(input.enrollment, input.config, input.record.registration_id);
}

std::optional<StoredAssignment> assign_in_store(const AssignmentInput& input, HubLink& hubs) {
  Allocation allocation = choose_hub(input);
  if (allocation.hub == nullptr) return StoredAssignment{failed(std::move(allocation)), std::nullopt};
  const Plan plan = plan_for(*allocation.hub, input, effective_policy(input));
  if (plan.leave != nullptr) return std::nullopt;
  auto device = hubs.stored_put(input.config.instance.id, *plan.target, spec_for(input, plan));
  if (!device) return std::nullopt;
  std::vector<Check> checks = std::move(allocation.checks);
  checks.push_back({"hub.put-device", true, plan.target->host_name});
  return StoredAssignment{assigned(plan, device_id_of(input), std::move(checks)), std::move(device)};
}

Task<Result<AssignmentResult>> assign(const AssignmentInput& input, HubLink& hubs) {
  Allocation allocation = choose_hub(input);
  if (allocation.hub == nullptr) co_return failed(std::move(allocation));
  std::vector<Check> checks = std::move(allocation.checks);

  const model::InstanceId& instance = input.config.instance.id;
  const Plan plan = plan_for(*allocation.hub, input, effective_policy(input));
  HubDeviceSpec spec = spec_for(input, plan);
  if (plan.carry_twin) {
    auto twin = co_await hubs.read_twin(instance, *plan.leave, spec.device_id);
    if (!twin) co_return from_hub_error(twin.error(), *plan.leave, std::move(checks));
    if (*twin) spec.initial_twin = std::move(**twin);
  }

  std::string device_id = spec.device_id;
  if (auto put = co_await hubs.put_device(instance, *plan.target, std::move(spec)); !put) {
    co_return from_hub_error(put.error(), *plan.target, std::move(checks));
  }
  checks.push_back({"hub.put-device", true, plan.target->host_name});

  if (plan.leave != nullptr) {
    // A device left behind never fails the assignment (hub-api.md 5.3).
    if (auto gone = co_await hubs.delete_device(instance, *plan.leave, device_id); !gone) {
      log_warning("hub.device-left-behind",
                  {{"hub", plan.leave->host_name}, {"deviceId", device_id}, {"error", gone.error().message}});
      checks.push_back({"hub.delete-device", false, plan.leave->host_name});
    }
  }
  co_return assigned(plan, std::move(device_id), std::move(checks));
}

}  // namespace muster::provisioning
