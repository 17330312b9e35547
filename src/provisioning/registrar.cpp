#include "provisioning/registrar.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "provisioning/assignment.h"
#include "provisioning/attest_symmetric.h"
#include "provisioning/attest_x509.h"
#include "provisioning/decision_log.h"

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

std::string device_key(const InstanceId& instance, std::string_view registration_id) {
  return instance + "/" + model::id_key(registration_id);
}

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

Operation operation_for(const DeviceRequest& request, const Decision& decision, Random& random) {
  Operation operation;
  operation.id = model::make_operation_id(request.registration_id, random);
  operation.registration_id = decision.derivation_id.empty() ? request.registration_id : decision.derivation_id;
  operation.enrollment_kind = decision.enrollment->kind;
  operation.enrollment_id = decision.enrollment->id;
  operation.attestation = std::string(attestation_type(decision.enrollment->attestation));
  operation.thumbprint = decision.thumbprint;
  operation.api_version = request.api_version;
  operation.payload = request.payload;
  operation.tracking_id = request.tracking_id;
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

/// A poll by the certificate that began the operation needs no second judgement.
bool proven_by_operation(const DeviceRequest& request, const Operation& operation) {
  const auto* evidence = std::get_if<CertificateEvidence>(&request.evidence);
  return evidence != nullptr && !operation.thumbprint.empty() &&
         equals_nocase(operation.registration_id, request.registration_id) &&
         evidence->leaf.thumbprint() == operation.thumbprint;
}

Registration failed(Registration record, int code, std::string message) {
  record.status = RegistrationStatus::kFailed;
  record.error_code = code;
  record.error_message = std::move(message);
  return record;
}

}  // namespace

Registrar::Registrar(Parts parts, AttestationSettings settings) : parts_(parts), settings_(settings) {
}

Registrar::~Registrar() {
  wait_until_idle();
}

void Registrar::wait_until_idle() {
  std::unique_lock lock(idle_mutex_);
  idle_.wait(lock, [this] { return in_flight_ == 0; });
}

std::chrono::seconds Registrar::retry_after() const {
  return drain_.wait_for(in_flight_);
}

Task<Result<Decision>> Registrar::attest(const DeviceRequest& request) {
  if (std::holds_alternative<SasEvidence>(request.evidence)) {
    co_return co_await attest_symmetric(request, parts_.store, settings_);
  }
  if (std::holds_alternative<CertificateEvidence>(request.evidence)) {
    co_return co_await attest_x509(request, parts_.store, settings_);
  }
  co_return DecisionBuilder().refuse(Reason::kNoCredentials, "credentials",
                                     "neither an Authorization header nor a client certificate");
}

Task<Result<RegisterAnswer>> Registrar::register_device(DeviceRequest request) {
  auto decision = co_await attest(request);
  if (!decision) co_return std::unexpected(decision.error());
  log_decision(request, *decision);
  RegisterAnswer answer{std::move(*decision), std::nullopt, {}};
  if (answer.decision.outcome == Outcome::kRefused) co_return answer;

  Operation operation = operation_for(request, answer.decision, parts_.random);
  Registration record = assigning_record(request, operation, parts_.random);
  auto begun =
      co_await parts_.store.begin_operation(request.config->instance.id, std::move(operation), std::move(record));
  if (!begun) co_return std::unexpected(begun.error());
  enqueue({request.config->instance.id, *begun, answer.decision.credential});
  answer.operation = std::move(*begun);
  answer.retry_after = retry_after();
  co_return answer;
}

Task<Result<StatusAnswer>> Registrar::operation_status(DeviceRequest request, std::string operation_id) {
  const InstanceId& instance = request.config->instance.id;
  auto state = co_await parts_.store.find_operation(instance, std::move(operation_id));
  if (!state && state.error().code != ErrorCode::kNotFound) co_return std::unexpected(state.error());

  StatusAnswer answer;
  if (state && proven_by_operation(request, state->operation)) {
    answer.decision.outcome = Outcome::kAccepted;
    answer.decision.reason = Reason::kProven;
    answer.decision.checks.push_back({"certificate.operation", true, "the certificate that began the operation"});
  } else {
    auto decision = co_await attest(request);
    if (!decision) co_return std::unexpected(decision.error());
    answer.decision = std::move(*decision);
    if (answer.decision.outcome == Outcome::kRefused) {
      log_decision(request, answer.decision);
      co_return answer;
    }
  }
  if (!state || !equals_nocase(state->operation.registration_id, request.registration_id)) {
    co_return fail(ErrorCode::kNotFound, "Operation not found.");
  }
  // An operation that got stuck on a passing fault goes on when its device asks for it.
  if (state->operation.open) enqueue({instance, state->operation, std::nullopt});
  answer.state = std::move(*state);
  answer.retry_after = retry_after();
  co_return answer;
}

Task<Result<LookupAnswer>> Registrar::look_up(DeviceRequest request) {
  auto decision = co_await attest(request);
  if (!decision) co_return std::unexpected(decision.error());
  LookupAnswer answer{std::move(*decision), std::nullopt};
  if (answer.decision.outcome == Outcome::kRefused) {
    log_decision(request, answer.decision);
    co_return answer;
  }
  auto record = co_await parts_.store.find_registration(request.config->instance.id, request.registration_id);
  if (!record) co_return std::unexpected(record.error());
  answer.record = std::move(*record);
  co_return answer;
}

Task<Result<std::size_t>> Registrar::resume_open_operations() {
  auto open = co_await parts_.store.open_operations(kResumeLimit);
  if (!open) co_return std::unexpected(open.error());
  for (auto& [instance, operation] : *open) enqueue({instance, std::move(operation), std::nullopt});
  co_return open->size();
}

void Registrar::enqueue(Work work) {
  ++in_flight_;
  executor_.post([this, work = std::move(work)]() mutable {
    const std::string key = device_key(work.instance, work.operation.registration_id);
    auto& queue = waiting_[key];
    const bool known = std::ranges::any_of(queue, [&](const Work& w) { return w.operation.id == work.operation.id; });
    if (known) {
      finished();
      return;
    }
    queue.push_back(std::move(work));
    if (queue.size() == 1) run_next(key);
  });
}

void Registrar::run_next(const std::string& key) {
  // The entry stays at the front while it runs, so that it is known to enqueue().
  start(run(waiting_.at(key).front()), [this, key](bool) {
    auto& queue = waiting_.at(key);
    queue.erase(queue.begin());
    if (queue.empty()) {
      waiting_.erase(key);
    } else {
      executor_.post([this, key] { run_next(key); });
    }
    drain_.completed(parts_.clock.now());
    finished();
  });
}

void Registrar::finished() {
  const std::scoped_lock lock(idle_mutex_);
  if (--in_flight_ == 0) idle_.notify_all();
}

Task<bool> Registrar::run(Work work) {
  auto state = co_await parts_.store.find_operation(work.instance, work.operation.id);
  if (!state || !state->operation.open || !state->registration) co_return false;  // superseded, finished or purged

  auto record = co_await result_of(work, *state->registration);
  if (!record) {
    log_error("registration.stuck", {{"trackingId", work.operation.tracking_id},
                                     {"registrationId", work.operation.registration_id},
                                     {"error", record.error().message},
                                     {"detail", record.error().detail}});
    co_return false;
  }
  record->etag = model::make_etag(parts_.random);
  record->updated = parts_.clock.now();
  if (auto done = co_await parts_.store.complete_operation(work.instance, work.operation.id, *record, std::nullopt); !done) {
    log_error("registration.not-recorded", {{"trackingId", work.operation.tracking_id},
                                            {"registrationId", work.operation.registration_id},
                                            {"error", done.error().message},
                                            {"detail", done.error().detail}});
    co_return false;
  }
  co_return true;
}

Task<Result<Registration>> Registrar::result_of(const Work& work, const Registration& record) {
  const Operation& operation = work.operation;
  auto config = co_await parts_.store.config(work.instance);
  if (!config) co_return std::unexpected(config.error());
  auto enrollment =
      co_await parts_.store.find_enrollment(work.instance, operation.enrollment_kind, operation.enrollment_id);
  if (!enrollment) co_return std::unexpected(enrollment.error());

  Registration result = record;
  std::vector<Check> checks;
  std::optional<model::HubCredential> credential = work.credential;
  if (*enrollment && !credential) credential = credential_of(operation, **enrollment);
  if (!*enrollment || !credential) {
    result = failed(std::move(result), kEnrollmentGone, "Unauthorized");
    checks.push_back({"enrollment.found", false, "deleted or changed since the device registered"});
  } else if ((*enrollment)->status == model::ProvisioningStatus::kDisabled) {
    result.status = RegistrationStatus::kDisabled;
    checks.push_back({"enrollment.status", false, "disabled"});
  } else {
    const AssignmentInput input{**config, **enrollment, record, std::move(*credential), operation.api_version};
    auto assigned = co_await assign(input, parts_.hubs);
    if (!assigned) co_return std::unexpected(assigned.error());
    checks = std::move(assigned->checks);
    if (assigned->status == AssignmentResult::Status::kAssigned) {
      result.status = RegistrationStatus::kAssigned;
      result.substatus = assigned->substatus;
      result.assigned_hub = std::move(assigned->hub);
      result.device_id = std::move(assigned->device_id);
    } else {
      result = failed(std::move(result), assigned->error_code, std::move(assigned->error_message));
    }
  }
  if (result.status != RegistrationStatus::kFailed) {
    result.error_code = 0;
    result.error_message.clear();
  }
  log_result(work.instance, operation, result, checks);
  co_return result;
}

}  // namespace muster::provisioning
