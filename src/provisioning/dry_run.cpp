#include "provisioning/dry_run.h"

#include <fmt/format.h>

#include "provisioning/assignment.h"
#include "provisioning/attempt_journal.h"
#include "provisioning/attest.h"
#include "provisioning/custom_allocation.h"
#include "provisioning/diagnosis.h"
#include "provisioning/webhook_target.h"
#include "wire/sas_token.h"

namespace muster::provisioning {
namespace {

using model::Attempt;
using model::AttemptOutcome;
using model::Enrollment;
using model::EnrollmentKind;
using model::Registration;

constexpr const char* kCall = "dry-run";

/// The id that the evidence names; empty when it names none.
std::string id_of(const Evidence& evidence) {
  if (const auto* certificate = std::get_if<CertificateEvidence>(&evidence)) return certificate->leaf.common_name();
  const auto* sas = std::get_if<SasEvidence>(&evidence);
  if (sas == nullptr) return {};
  const auto token = wire::parse_sas_token(sas->token);
  if (!token) return {};
  const auto slash = token->resource.rfind('/');
  return slash == std::string::npos ? std::string() : token->resource.substr(slash + 1);
}

Check record_check(const Registration* record) {
  if (record == nullptr) return {"registration.record", true, "the device never registered"};
  std::string facts = fmt::format("{} since {}", to_string(record->status), format_time_seconds(record->updated));
  if (!record->assigned_hub.empty()) facts += fmt::format(", at {} as {}", record->assigned_hub, record->device_id);
  return {"registration.record", true, std::move(facts)};
}

/// Without evidence there is nothing to judge, but much to tell.
Task<Result<Attempt>> without_evidence(const DeviceRequest& request, store::Store& store, const Registration* record) {
  const model::InstanceId& instance = request.config->instance.id;
  Attempt attempt = attempt_of(request, kCall);
  auto individual = co_await store.find_enrollment(instance, EnrollmentKind::kIndividual, request.registration_id);
  if (!individual) co_return std::unexpected(individual.error());
  attempt.checks.push_back(record_check(record));
  if (*individual) {
    const Enrollment& entry = **individual;
    attempt.enrollment_kind = entry.kind;
    attempt.enrollment_id = entry.id;
    attempt.checks.push_back({"enrollment.found", true,
                              fmt::format("individual enrollment, {}, demands {}", to_string(entry.status),
                                          attestation_type(entry.attestation))});
  } else {
    attempt.findings = co_await id_hints(request, store);
    auto groups = co_await store.symmetric_groups(instance);
    if (!groups) co_return std::unexpected(groups.error());
    attempt.checks.push_back({"enrollment.found", true,
                              fmt::format("no individual enrollment: a key derived from one of {} symmetric-key "
                                          "groups, or a certificate below the CA of a group, would be asked for",
                                          (*groups)->size())});
  }
  attempt.outcome = AttemptOutcome::kNotJudged;
  co_return attempt;
}

/// A webhook is not asked by a dry run: it may have effects elsewhere.
void forecast_webhook(Attempt& attempt, const AssignmentInput& input) {
  const auto& custom = input.enrollment.custom_allocation;
  attempt.checks.push_back({"allocation.policy", true, "custom"});
  attempt.checks.push_back({"allocation.webhook", true,
                            fmt::format("{} decides; it is not asked now, but by `muster webhook test`",
                                        custom ? masked_url(custom->webhook_url) : "nobody")});
  attempt.outcome = AttemptOutcome::kPending;
}

void forecast(Attempt& attempt, const AssignmentInput& input) {
  if (asks_webhook(input)) return forecast_webhook(attempt, input);
  Allocation allocation = choose_hub(input);
  for (Check& check : allocation.checks) attempt.checks.push_back(std::move(check));
  if (allocation.hub == nullptr) {
    attempt.outcome = AttemptOutcome::kFailed;
    attempt.findings = {finding(*allocation.cause, allocation.error_message)};
    return;
  }
  attempt.outcome = AttemptOutcome::kAssigned;
  attempt.hub = allocation.hub->host_name;
}

}  // namespace

Task<Result<Attempt>> dry_run(DeviceRequest request, const AttestationSettings& settings, store::Store& store,
                              const model::GeoTable* geo) {
  if (request.registration_id.empty()) request.registration_id = id_of(request.evidence);
  if (auto valid = model::check_enrollment_id(request.registration_id, "registrationId"); !valid) {
    co_return std::unexpected(valid.error());
  }
  auto record = co_await store.find_registration(request.config->instance.id, request.registration_id);
  if (!record) co_return std::unexpected(record.error());
  if (std::holds_alternative<NoEvidence>(request.evidence))
    co_return co_await without_evidence(request, store, record->get());

  auto decision = co_await attest(request, store, settings);
  if (!decision) co_return std::unexpected(decision.error());
  Attempt attempt = attempt_of(request, kCall, *decision, co_await diagnose(request, *decision, settings, store));
  attempt.checks.push_back(record_check(record->get()));
  if (decision->outcome != Outcome::kAccepted) co_return attempt;

  Registration empty;
  empty.registration_id = request.registration_id;
  const AssignmentInput input{
      *request.config,       *decision->enrollment, *record ? **record : empty,
      *decision->credential, request.api_version,   {.address = request.peer_address, .geo = geo}};
  forecast(attempt, input);
  co_return attempt;
}

}  // namespace muster::provisioning
