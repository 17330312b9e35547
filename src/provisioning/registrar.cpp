#include "provisioning/registrar.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "model/enrollment_json.h"
#include "provisioning/assignment.h"
#include "provisioning/attest.h"
#include "provisioning/attest_symmetric.h"
#include "provisioning/attest_tpm.h"
#include "provisioning/decision_log.h"
#include "provisioning/device_key.h"
#include "provisioning/diagnosis.h"

namespace muster::provisioning {
namespace {

using model::InstanceId;
using model::Operation;
using model::Registration;
using model::RegistrationStatus;

// Operations taken up again in one go after a restart.
constexpr std::size_t kResumeLimit = 1'000'000;
// The enrollment was deleted between the register call and its assignment.
constexpr int kEnrollmentGone = 401002;

// How long devices are told to wait (design section 9, hub-api.md 5.4).
constexpr std::chrono::seconds kShortestWait{1};
constexpr std::chrono::seconds kShortestHubWait{3};
constexpr std::chrono::seconds kLongestHubWait{30};

// The only one whose answers can carry a challenge; AMQP has it in its SASL layer.
constexpr std::string_view kChallengeTransport = "http";

Registration assigning_record(const DeviceRequest& request, const Operation& operation, Random& random) {
  Registration record;
  record.registration_id = request.registration_id;
  record.status = RegistrationStatus::kAssigning;
  record.enrollment_kind = operation.enrollment_kind;
  record.enrollment_id = operation.enrollment_id;
  record.attestation = operation.attestation;
  record.etag = model::make_etag(random);
  record.created = record.updated = request.at;
  return record;
}

/// What a webhook is shown of the device's certificate; nothing else needs it (service-api.md 9).
std::optional<boost::json::object> certificate_for_webhook(const DeviceRequest& request, const Decision& decision) {
  const auto* evidence = std::get_if<CertificateEvidence>(&request.evidence);
  const auto policy = allocation_policy_of(*decision.enrollment, *request.config);
  if (evidence == nullptr || policy != model::AllocationPolicy::kCustom) return std::nullopt;
  const auto info = evidence->leaf.info();
  return info ? std::optional(model::to_json(*info)) : std::nullopt;
}

Operation operation_for(const DeviceRequest& request, const Decision& decision, Random& random) {
  Operation operation;
  operation.id = model::make_operation_id(request.at, random);
  operation.registration_id = decision.derivation_id.empty() ? request.registration_id : decision.derivation_id;
  operation.enrollment_kind = decision.enrollment->kind;
  operation.enrollment_id = decision.enrollment->id;
  operation.attestation = std::string(attestation_type(decision.enrollment->attestation));
  operation.thumbprint = decision.thumbprint;
  if (decision.challenge) operation.challenge = decision.challenge->id;
  operation.api_version = request.api_version;
  operation.payload = request.payload;
  operation.certificate = certificate_for_webhook(request, decision);
  operation.tracking_id = request.tracking_id;
  operation.peer_address = request.peer_address;
  operation.begun = request.at;
  return operation;
}

/// What the hub will know the device by, found again without the device's request (hub-api.md 5.1).
std::optional<model::HubCredential> credential_of(const Operation& operation, const model::Enrollment& enrollment) {
  if (!operation.thumbprint.empty()) {
    return model::ThumbprintCredential{operation.thumbprint, operation.thumbprint};
  }
  const auto* keys = std::get_if<model::SymmetricKeyAttestation>(&enrollment.attestation);
  if (keys == nullptr) return std::nullopt;
  if (enrollment.kind == model::EnrollmentKind::kGroup) return device_keys(*keys, operation.registration_id);
  return model::SasCredential{keys->primary, keys->secondary};
}

/// A token whose challenge is over, one way or another: C clients would send it for ever, were they not told of a new
/// one. While a challenge is pending there is none, or they would import and sign for ever (device-api.md 5.3).
bool may_be_challenged_again(const DeviceRequest& request, const Decision& decision) {
  if (!request.tpm || request.transport != kChallengeTransport) return false;
  return decision.reason == Reason::kNoChallenge || decision.reason == Reason::kExpiredChallenge ||
         decision.reason == Reason::kSpentChallenge;
}

Decision spent_challenge(Decision decision) {
  decision.outcome = Outcome::kRefused;
  decision.reason = Reason::kSpentChallenge;
  decision.checks.push_back({"tpm.challenge", false, "it led to a registration already"});
  return decision;
}

/// A poll by the certificate that began the operation needs no second judgement.
bool proven_by_operation(const DeviceRequest& request, const Operation& operation) {
  const auto* evidence = std::get_if<CertificateEvidence>(&request.evidence);
  return evidence != nullptr && !operation.thumbprint.empty() &&
         equals_nocase(operation.registration_id, request.registration_id) &&
         evidence->leaf.thumbprint() == operation.thumbprint;
}

}  // namespace

Registrar::Registrar(Parts parts, AttestationSettings settings)
    : parts_(parts), settings_(settings), patience_(parts.hub_patience), leftovers_({parts.store, parts.hubs, queue_}) {
}

/// What is over can be had at once; what a hub has to answer is worth waiting for (design section 6).
std::chrono::seconds Registrar::retry_after(const InstanceId& instance, const Operation& operation) {
  if (!operation.open) return kShortestWait;
  const auto hub = patience_.hub_of(operation.id);
  return std::clamp(hub ? parts_.hubs.expected_wait(instance, *hub) : kShortestHubWait, kShortestHubWait,
                    kLongestHubWait);
}

/// Explains and keeps a refusal; false when the device was not refused.
Task<bool> Registrar::refused(const DeviceRequest& request, std::string call, const Decision& decision) {
  if (decision.outcome != Outcome::kRefused) co_return false;
  auto findings = co_await diagnose(request, decision, settings_, parts_.store);
  log_refusal(request, decision, findings);
  parts_.attempts.add(request.config->instance.id, attempt_of(request, std::move(call), decision, std::move(findings)));
  co_return true;
}

/// Gives the device's TPM something to prove itself with, when it is enrolled. `before`: the checks of a token that
/// came too late, or once too often.
Task<Result<RegisterAnswer>> Registrar::challenge(const DeviceRequest& request, std::vector<model::Check> before) {
  auto challenge = co_await challenge_tpm(request, parts_.store, settings_, parts_.random);
  if (!challenge) co_return std::unexpected(challenge.error());
  RegisterAnswer answer{std::move(challenge->decision), nullptr, std::move(challenge->activation), {}};
  answer.decision.checks.insert(answer.decision.checks.begin(), std::make_move_iterator(before.begin()),
                                std::make_move_iterator(before.end()));
  if (answer.decision.outcome == Outcome::kRefused) {
    if (parts_.observer != nullptr) parts_.observer->attested(request, answer.decision);
    co_await refused(request, "register", answer.decision);
    co_return answer;
  }
  log_proof(request, answer.decision);
  parts_.attempts.add(request.config->instance.id, attempt_of(request, "register", answer.decision, {}));
  co_return answer;
}

Task<Result<Decision>> Registrar::judge(const DeviceRequest& request) {
  auto decision = co_await attest(request, parts_.store, settings_);
  if (decision) co_await refused(request, "register", *decision);
  co_return decision;
}

Task<Result<RegisterAnswer>> Registrar::register_device(const DeviceRequest& request) {
  if (request.tpm && !std::holds_alternative<SasEvidence>(request.evidence)) {
    co_return co_await challenge(request);
  }
  auto decision = co_await attest(request, parts_.store, settings_);
  if (!decision) co_return std::unexpected(decision.error());
  if (parts_.observer != nullptr) parts_.observer->attested(request, *decision);
  RegisterAnswer answer{std::move(*decision), nullptr, {}, {}};
  if (may_be_challenged_again(request, answer.decision)) {
    co_return co_await challenge(request, std::move(answer.decision.checks));
  }
  if (co_await refused(request, "register", answer.decision)) co_return answer;
  log_proof(request, answer.decision);

  const InstanceId& instance = request.config->instance.id;
  Operation operation = operation_for(request, answer.decision, parts_.random);
  Registration record = assigning_record(request, operation, parts_.random);
  Ending ending;
  auto begun = co_await parts_.store.begin_operation(instance, std::move(operation), std::move(record),
                                                     end_at_once(request, answer.decision, ending));
  if (!begun && begun.error().code == ErrorCode::kConflict && answer.decision.challenge) {
    answer.decision = spent_challenge(std::move(answer.decision));
    if (may_be_challenged_again(request, answer.decision)) {
      co_return co_await challenge(request, std::move(answer.decision.checks));
    }
    co_await refused(request, "register", answer.decision);
    co_return answer;
  }
  if (!begun) co_return std::unexpected(begun.error());

  answer.operation = {*begun, &(*begun)->operation};
  answer.retry_after = retry_after(instance, *answer.operation);
  if (!answer.operation->open) {
    const Registration& result = *(*begun)->registration;
    log_result(instance, *answer.operation, result, std::move(ending.log));
    note_recorded(instance, *answer.operation, result);
    co_return answer;
  }
  Work work{instance, *answer.operation, answer.decision.credential, std::nullopt};
  model::Attempt attempt = attempt_of(request, "register", answer.decision, {});
  if (answer.operation->tracking_id == request.tracking_id) {
    work.attempt = std::move(attempt);
  } else {
    attempt.outcome = model::AttemptOutcome::kJoined;
    attempt.checks.push_back({"operation.joined", true, "under way since the call " + answer.operation->tracking_id});
    parts_.attempts.add(instance, std::move(attempt));
  }
  enqueue(std::move(work));
  co_return answer;
}

/// Most registrations are over when they have begun: when the device's hub is one of our own, all that is to be written
/// stands in one store, and is written in one transaction. What it came to goes to `ending`, anew each time that the
/// transaction is tried; the references outlive it.
store::EndAtOnce Registrar::end_at_once(const DeviceRequest& request, const Decision& decision, Ending& ending) {
  if (decision.outcome != Outcome::kAccepted) return nullptr;
  return [this, &request, &decision, &ending](const Registration& record) -> std::optional<store::OperationEnd> {
    const AssignmentInput input{
        *request.config,      *decision.enrollment, record,
        *decision.credential, request.api_version,  place_of(request.config->instance.id, request.peer_address)};
    if (asks_webhook(input)) return std::nullopt;
    auto stored = assign_in_store(input, choose_hub(input), parts_.hubs);
    if (!stored) return std::nullopt;
    ending = {record, attempt_of(request, "register", decision, {})};
    end_with(ending, std::move(*stored));
    return operation_end(ending);
  };
}

/// The last touch before an ending is written. Record, attempt and changes of hubs are moved out of it.
store::OperationEnd Registrar::operation_end(Ending& ending) {
  ending.record.etag = model::make_etag(parts_.random);
  ending.record.updated = parts_.clock.now();
  ending.log = log_texts_of(ending.attempt);
  limit_size(ending.attempt);
  store::OperationEnd end{.record = std::move(ending.record),
                          .device = std::move(ending.device),
                          .removal = std::move(ending.removal),
                          .leftover = ending.leftover};
  if (parts_.attempts.keeps_any()) end.attempt = std::move(ending.attempt);
  return end;
}

Task<Result<StatusAnswer>> Registrar::operation_status(const DeviceRequest& request, std::string operation_id) {
  const InstanceId& instance = request.config->instance.id;
  const std::string asked = operation_id;
  auto state = co_await parts_.store.find_operation(instance, std::move(operation_id));
  if (!state && state.error().code != ErrorCode::kNotFound) co_return std::unexpected(state.error());

  StatusAnswer answer;
  if (state && proven_by_operation(request, (*state)->operation)) {
    answer.decision.outcome = Outcome::kAccepted;
    answer.decision.reason = Reason::kProven;
    answer.decision.checks.push_back({"certificate.operation", true, "the certificate that began the operation"});
  } else {
    auto decision = co_await attest(request, parts_.store, settings_);
    if (!decision) co_return std::unexpected(decision.error());
    answer.decision = std::move(*decision);
    if (co_await refused(request, "status", answer.decision)) co_return answer;
  }
  // An operator may have deleted what the operation ended with; to wait for it would be for ever.
  const bool deleted = state && !(*state)->operation.open && !(*state)->registration;
  if (!state || deleted || !equals_nocase((*state)->operation.registration_id, request.registration_id)) {
    model::Attempt attempt = attempt_of(request, "status", answer.decision, {finding(Cause::kUnknownOperation, asked)});
    parts_.attempts.add(instance, std::move(attempt));
    co_return fail(ErrorCode::kNotFound, "Operation not found.");
  }
  // An operation that got stuck on a passing fault goes on when its device asks for it.
  const auto& [operation, record] = **state;
  if (operation.open) enqueue({instance, operation, std::nullopt, std::nullopt});
  auto hub_key = hub_key_for(request, answer.decision, record ? &*record : nullptr);
  if (!hub_key) co_return std::unexpected(hub_key.error());
  answer.hub_key = *std::move(hub_key);
  answer.retry_after = retry_after(instance, operation);
  answer.state = *std::move(state);
  co_return answer;
}

Task<Result<LookupAnswer>> Registrar::look_up(const DeviceRequest& request) {
  auto decision = co_await attest(request, parts_.store, settings_);
  if (!decision) co_return std::unexpected(decision.error());
  LookupAnswer answer{std::move(*decision), nullptr, {}};
  if (co_await refused(request, "look-up", answer.decision)) co_return answer;
  auto record = co_await parts_.store.find_registration(request.config->instance.id, request.registration_id);
  if (!record) co_return std::unexpected(record.error());
  if (!*record) {
    parts_.attempts.add(request.config->instance.id,
                        attempt_of(request, "look-up", answer.decision, {finding(Cause::kNeverRegistered)}));
  }
  auto hub_key = hub_key_for(request, answer.decision, record->get());
  if (!hub_key) co_return std::unexpected(hub_key.error());
  answer.hub_key = *std::move(hub_key);
  answer.record = std::move(*record);
  co_return answer;
}

/// What an assigned TPM signs its hub's tokens with; empty for anything but a TPM that is assigned (device-api.md 5.3).
Result<Bytes> Registrar::hub_key_for(const DeviceRequest& request, const Decision& decision,
                                     const Registration* record) {
  if (!decision.challenge || decision.challenge->operation_id.empty()) return Bytes();
  if (record == nullptr || record->status != RegistrationStatus::kAssigned) return Bytes();
  return wrap_hub_key(request, *decision.enrollment, *decision.challenge, parts_.random);
}

Task<Result<std::size_t>> Registrar::resume_open_operations() {
  auto open = co_await parts_.store.open_operations(kResumeLimit);
  if (!open) co_return std::unexpected(open.error());
  for (auto& [instance, operation] : *open) enqueue({instance, std::move(operation), std::nullopt, std::nullopt});
  co_return open->size();
}

void Registrar::enqueue(Work work) {
  std::string device = device_key(work.instance, work.operation.registration_id);
  std::string name = work.operation.id;
  queue_.add(std::move(device), std::move(name),
             [this, work = std::move(work)]() mutable { return run(std::move(work)); });
}

void Registrar::tend() {
  for (auto& [instance, operation, hub, too_long] : patience_.failing(parts_.clock.now())) {
    // A hub that is known not to answer need not be asked for each of its devices.
    if (hub && !too_long && !parts_.hubs.answers(instance, *hub)) continue;
    enqueue({instance, std::move(operation), std::nullopt, std::nullopt});
  }
  leftovers_.sweep();
}

/// The attempt that the work is about: at hand, or what an earlier try at it left.
Task<model::Attempt> Registrar::attempt_so_far(const Work& work) {
  if (work.attempt) co_return *work.attempt;
  auto kept = co_await parts_.store.find_attempt(work.instance, work.operation.tracking_id);
  if (kept && *kept) co_return std::move(**kept);
  co_return attempt_of(work.operation);
}

/// Keeps why a registration does not go on, so that a device that stays "assigning" is explained too.
void Registrar::keep_stuck(const Work& work, model::Attempt attempt, const Error& error) {
  log_error("registration.stuck", {{"trackingId", work.operation.tracking_id},
                                   {"registrationId", work.operation.registration_id},
                                   {"error", error.message},
                                   {"detail", error.detail}});
  const std::string facts = error.detail.empty() ? error.message : error.message + " " + error.detail;
  const Cause cause = error.code == ErrorCode::kInternal ? Cause::kStoreFailed : Cause::kHubUnreachable;
  attempt.outcome = model::AttemptOutcome::kPending;
  attempt.findings = {finding(cause, facts)};
  attempt.checks.push_back({"registration.stuck", false, facts});
  parts_.attempts.add(work.instance, std::move(attempt));
  stuck(work);
}

/// `instance` outlives the place.
DevicePlace Registrar::place_of(const InstanceId& instance, std::string address) {
  return {std::move(address), parts_.geo,
          [this, &instance](const model::LinkedHub& hub) { return parts_.hubs.latency(instance, hub); }};
}

/// Whether a passing trouble has lasted for too long: then the registration has failed (hub-api.md 5.4). Else it is
/// told once, and tried again later.
bool Registrar::gives_up(const Work& work, Ending& ending, const Error& error) {
  const auto failure = patience_.failed(work.instance, work.operation, error, parts_.clock.now());
  const bool hub_failed = error.code == ErrorCode::kUnavailable;
  if (hub_failed && failure == HubPatience::Failure::kTooLong) {
    const std::string facts = error.detail.empty() ? error.message : error.message + " " + error.detail;
    end_with(ending,
             hub_failure(Cause::kHubUnreachable, "The IoT hub does not answer.", {{"hub.put-device", false, facts}}));
    return true;
  }
  if (failure == HubPatience::Failure::kNew) keep_stuck(work, std::move(ending.attempt), error);
  return false;
}

Task<bool> Registrar::run(Work work) {
  auto state = co_await parts_.store.find_operation(work.instance, work.operation.id);
  if (!state && state.error().code != ErrorCode::kNotFound) co_return false;  // tried again when it is asked for
  if (!state || !(*state)->operation.open || !(*state)->registration) {       // superseded, finished or purged
    ended(work.operation.id);
    co_return false;
  }

  Ending ending{*(*state)->registration, co_await attempt_so_far(work)};
  if (auto finished = co_await finish(work, ending); !finished) {
    if (!gives_up(work, ending, finished.error())) co_return false;
  }
  store::OperationEnd end = operation_end(ending);
  const Registration record = end.record;
  log_result(work.instance, work.operation, record, std::move(ending.log));
  auto done = co_await parts_.store.complete_operation(work.instance, work.operation.id, std::move(end));
  if (!done) {
    log_error("registration.not-recorded", {{"trackingId", work.operation.tracking_id},
                                            {"registrationId", work.operation.registration_id},
                                            {"error", done.error().message},
                                            {"detail", done.error().detail}});
    if (done.error().code == ErrorCode::kConflict) {  // a newer operation took over
      patience_.ended(work.operation.id);
    } else {
      patience_.failed(work.instance, work.operation, done.error(), parts_.clock.now());
      stuck(work);
    }
    co_return false;
  }
  ended(work.operation.id);
  note_recorded(work.instance, work.operation, record);
  if (ending.leftover) leftovers_.clean(work.instance, *std::move(ending.leftover));
  co_return true;
}

void Registrar::note_recorded(const InstanceId& instance, const Operation& operation, const Registration& record) {
  parts_.attempts.note_written();
  if (parts_.observer != nullptr) {
    parts_.observer->registered(instance, operation, record, parts_.clock.now());
  }
}

void Registrar::stuck(const Work& work) const {
  if (parts_.observer != nullptr) parts_.observer->stuck(work.instance, work.operation);
}

void Registrar::ended(const std::string& operation_id) {
  patience_.ended(operation_id);
  if (parts_.custom != nullptr) parts_.custom->ended(operation_id);
}

/// An error means that the service is about to stop, and the registration goes on with the next start.
Task<Result<Allocation>> Registrar::allocation_for(const AssignmentInput& input, const Operation& operation) {
  if (!asks_webhook(input)) co_return choose_hub(input);
  if (parts_.custom == nullptr) {
    co_return no_allocation(Cause::kWebhookNotAllowed, "Custom allocation is not available.", {});
  }
  co_return co_await parts_.custom->allocate(input, operation);
}

/// What the hub will know the device by; nullopt when the enrollment has changed so that nothing is left of it.
Task<Result<std::optional<model::HubCredential>>> Registrar::credential_for(const Work& work,
                                                                            const model::Enrollment& enrollment) {
  if (work.credential) co_return work.credential;
  if (work.operation.challenge.empty()) co_return credential_of(work.operation, enrollment);
  auto keys = co_await hub_keys_of(work.instance, work.operation, enrollment, parts_.store);
  if (!keys) co_return std::unexpected(keys.error());
  if (!*keys) co_return std::nullopt;
  co_return model::HubCredential(std::move(**keys));
}

/// Assigns the device and writes the outcome into record and attempt. An error means passing trouble, and leaves them
/// as they are.
Task<Result<void>> Registrar::finish(const Work& work, Ending& ending) {
  const Operation& operation = work.operation;
  auto config = co_await parts_.store.config(work.instance);
  if (!config) co_return std::unexpected(config.error());
  auto enrollment =
      co_await parts_.store.find_enrollment(work.instance, operation.enrollment_kind, operation.enrollment_id);
  if (!enrollment) co_return std::unexpected(enrollment.error());

  std::optional<model::HubCredential> credential;
  if (*enrollment) {
    auto found = co_await credential_for(work, **enrollment);
    if (!found) co_return std::unexpected(found.error());
    credential = *std::move(found);
  }
  if (!credential) {
    end_failed(ending, Cause::kEnrollmentGoneMeanwhile, kEnrollmentGone, "Unauthorized");
    ending.attempt.checks.push_back({"enrollment.found", false, "deleted or changed since the device registered"});
    co_return Result<void>();
  }
  if ((*enrollment)->status == model::ProvisioningStatus::kDisabled) {
    end_disabled(ending, **enrollment);
    co_return Result<void>();
  }
  const AssignmentInput input{**config,    **enrollment,          ending.record,
                              *credential, operation.api_version, place_of(work.instance, operation.peer_address)};
  auto allocation = co_await allocation_for(input, operation);
  if (!allocation) co_return std::unexpected(allocation.error());
  if (allocation->hub != nullptr) patience_.goes_to(operation.id, *allocation->hub);
  auto assigned = co_await assign(input, *std::move(allocation), parts_.hubs, parts_.store, parts_.clock.now());
  if (!assigned) co_return std::unexpected(assigned.error());
  end_with(ending, std::move(*assigned));
  co_return Result<void>();
}

}  // namespace muster::provisioning
