#include "provisioning/decision_log.h"

#include "base/log.h"

namespace muster::provisioning {

void log_decision(const DeviceRequest& request, const Decision& decision) {
  const bool refused = decision.outcome == Outcome::kRefused;
  std::vector<LogField> fields{{"trackingId", request.tracking_id},
                               {"idScope", request.config->instance.id_scope},
                               {"registrationId", request.registration_id},
                               {"transport", request.transport},
                               {"peer", request.peer_address},
                               {"reason", std::string(to_string(decision.reason))}};
  if (decision.enrollment) {
    fields.emplace_back("enrollment", decision.enrollment->id);
    fields.emplace_back("enrollmentKind", std::string(to_string(decision.enrollment->kind)));
  }
  if (!decision.thumbprint.empty()) fields.emplace_back("thumbprint", decision.thumbprint);
  fields.emplace_back("checks", summarize(decision.checks));
  log(refused ? LogLevel::kWarning : LogLevel::kInfo, refused ? "attestation.refused" : "attestation.proven", fields);
}

void log_result(const model::InstanceId& instance, const model::Operation& operation, const model::Registration& record,
                const std::vector<Check>& checks) {
  const bool failed = record.status == model::RegistrationStatus::kFailed;
  std::vector<LogField> fields{{"trackingId", operation.tracking_id},
                               {"instance", instance},
                               {"registrationId", record.registration_id},
                               {"operationId", operation.id},
                               {"status", std::string(to_string(record.status))}};
  if (record.status == model::RegistrationStatus::kAssigned) {
    fields.emplace_back("hub", record.assigned_hub);
    fields.emplace_back("deviceId", record.device_id);
  }
  if (failed) fields.emplace_back("error", std::to_string(record.error_code) + " " + record.error_message);
  fields.emplace_back("checks", summarize(checks));
  log(failed ? LogLevel::kWarning : LogLevel::kInfo, "registration.ended", fields);
}

}  // namespace muster::provisioning
