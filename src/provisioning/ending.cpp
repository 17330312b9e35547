#include "provisioning/ending.h"

#include <iterator>
#include <utility>

#include "provisioning/diagnosis.h"

namespace muster::provisioning {

using model::RegistrationStatus;

void end_failed(Ending& ending, Cause cause, int code, std::string message) {
  ending.record.status = RegistrationStatus::kFailed;
  ending.record.error_code = code;
  ending.attempt.outcome = model::AttemptOutcome::kFailed;
  ending.attempt.findings = {finding(cause, message)};
  ending.record.error_message = std::move(message);
}

void end_disabled(Ending& ending, const model::Enrollment& enrollment) {
  const bool group = enrollment.kind == model::EnrollmentKind::kGroup;
  ending.record.status = RegistrationStatus::kDisabled;
  ending.attempt.outcome = model::AttemptOutcome::kDisabled;
  ending.attempt.findings = {finding(group ? Cause::kGroupDisabled : Cause::kEnrollmentDisabled, enrollment.id)};
}

void end_with(Ending& ending, AssignmentResult result) {
  auto& checks = ending.attempt.checks;
  checks.insert(checks.end(), std::make_move_iterator(result.checks.begin()),
                std::make_move_iterator(result.checks.end()));
  if (result.status != AssignmentResult::Status::kAssigned) {
    end_failed(ending, result.cause.value_or(Cause::kHubRefused), result.error_code, std::move(result.error_message));
    return;
  }
  ending.device = std::move(result.device);
  ending.removal = std::move(result.removal);
  ending.leftover = std::move(result.leftover);
  ending.attempt.outcome = model::AttemptOutcome::kAssigned;
  ending.attempt.findings.clear();
  ending.attempt.hub = result.hub;
  ending.attempt.device_id = result.device_id;
  ending.record.status = RegistrationStatus::kAssigned;
  ending.record.substatus = result.substatus;
  ending.record.payload = std::move(result.payload);
  ending.record.assigned_hub = std::move(result.hub);
  ending.record.device_id = std::move(result.device_id);
}

}  // namespace muster::provisioning
