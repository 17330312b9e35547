#include "provisioning/decision_log.h"

#include <utility>

#include "base/log.h"

namespace muster::provisioning {
namespace {

// Of the line about the end of an operation.
constexpr std::size_t kMostResultFields = 9;

std::vector<LogField> fields_of(const DeviceRequest& request, const Decision& decision) {
  std::vector<LogField> fields{{"trackingId", request.tracking_id},
                               {"idScope", request.config->instance.id_scope},
                               {"registrationId", request.registration_id},
                               {"transport", request.transport},
                               {"peer", request.peer_address}};
  if (decision.enrollment) {
    fields.emplace_back("enrollment", decision.enrollment->id);
    fields.emplace_back("enrollmentKind", std::string(to_string(decision.enrollment->kind)));
  }
  if (!decision.thumbprint.empty()) fields.emplace_back("thumbprint", decision.thumbprint);
  return fields;
}

/// "wrong-key; similar-id-enrolled (pump-42)".
std::string summarize(const std::vector<model::Finding>& findings) {
  std::string out;
  for (const model::Finding& each : findings) {
    if (!out.empty()) out += "; ";
    out += each.cause;
    if (!each.facts.empty()) out += " (" + each.facts + ")";
  }
  return out;
}

}  // namespace

void log_proof(const DeviceRequest& request, const Decision& decision) {
  if (!is_logged(LogLevel::kDebug)) return;  // every device that is let in comes by here
  auto fields = fields_of(request, decision);
  fields.emplace_back("checks", summarize(decision.checks));
  log(LogLevel::kDebug, "attestation.proven", fields);
}

void log_refusal(const DeviceRequest& request, const Decision& decision, const std::vector<model::Finding>& findings) {
  auto fields = fields_of(request, decision);
  fields.emplace_back("causes", summarize(findings));
  fields.emplace_back("checks", summarize(decision.checks));
  log(LogLevel::kWarning, "attestation.refused", fields);
}

LogTexts log_texts_of(const model::Attempt& attempt) {
  return {summarize(attempt.findings), summarize(attempt.checks)};
}

void log_result(const model::InstanceId& instance, const model::Operation& operation, const model::Registration& record,
                LogTexts texts) {
  const bool failed = record.status == model::RegistrationStatus::kFailed;
  std::vector<LogField> fields;
  fields.reserve(kMostResultFields);
  fields.emplace_back("trackingId", operation.tracking_id);
  fields.emplace_back("instance", instance);
  fields.emplace_back("registrationId", record.registration_id);
  fields.emplace_back("operationId", operation.id);
  fields.emplace_back("status", to_string(record.status));
  if (record.status == model::RegistrationStatus::kAssigned) {
    fields.emplace_back("hub", record.assigned_hub);
    fields.emplace_back("deviceId", record.device_id);
  }
  if (failed) fields.emplace_back("error", std::to_string(record.error_code) + " " + record.error_message);
  if (!texts.causes.empty()) fields.emplace_back("causes", std::move(texts.causes));
  fields.emplace_back("checks", std::move(texts.checks));
  log(failed ? LogLevel::kWarning : LogLevel::kInfo, "registration.ended", fields);
}

}  // namespace muster::provisioning
