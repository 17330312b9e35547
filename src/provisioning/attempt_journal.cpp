#include "provisioning/attempt_journal.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace muster::provisioning {
namespace {

/// Attempts that may wait for the store; they are of some kilobytes each.
constexpr std::size_t kMaxWaiting = 10'000;
/// After how many new ones the oldest are dropped, at least: dropping costs a look at the whole index.
constexpr std::size_t kLeastTrimInterval = 1000;

}  // namespace

AttemptJournal::AttemptJournal(store::Store& store, const Clock& clock, AttemptRetention retention)
    : store_(store), clock_(clock), retention_(retention) {
}

AttemptJournal::~AttemptJournal() {
  wait_until_written();
}

void AttemptJournal::wait_until_written() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return waiting_ == 0; });
}

void AttemptJournal::finished() {
  const std::scoped_lock lock(mutex_);
  if (--waiting_ == 0) written_.notify_all();
}

void AttemptJournal::add(const model::InstanceId& instance, model::Attempt attempt) {
  if (!keeps_any()) return;
  if (waiting_.fetch_add(1) >= kMaxWaiting) {
    log_warning("attempt.dropped", {{"trackingId", attempt.tracking_id}, {"reason", "the store is too slow"}});
    finished();
    return;
  }
  executor_.post([this, instance, attempt = std::move(attempt)]() mutable { write(instance, std::move(attempt)); });
}

void AttemptJournal::write(const model::InstanceId& instance, model::Attempt attempt) {
  limit_size(attempt);
  start(store_.add_attempt(instance, std::move(attempt)), [this](const Result<void>& added) {
    if (added) {
      note_written();
    } else {
      log_warning("attempt.not-kept", {{"error", added.error().message}, {"detail", added.error().detail}});
    }
    finished();
  });
}

void AttemptJournal::note_written() {
  const std::size_t interval = std::max(kLeastTrimInterval, retention_.keep / 20);
  if (since_trim_.fetch_add(1) + 1 != interval) return;
  since_trim_ = 0;
  ++waiting_;
  executor_.post([this] {
    start(trim(), [this](const Result<std::size_t>& trimmed) {
      if (!trimmed) log_warning("attempt.not-trimmed", {{"error", trimmed.error().message}});
      finished();
    });
  });
}

Task<Result<std::size_t>> AttemptJournal::trim() {
  return store_.trim_attempts(clock_.now() - retention_.age, retention_.keep);
}

model::Attempt attempt_of(const DeviceRequest& request, std::string call) {
  model::Attempt attempt;
  attempt.tracking_id = request.tracking_id;
  attempt.at = request.at;
  attempt.call = std::move(call);
  attempt.registration_id = request.registration_id;
  attempt.transport = request.transport;
  attempt.peer_address = request.peer_address;
  attempt.api_version = request.api_version;
  if (const auto* evidence = std::get_if<CertificateEvidence>(&request.evidence)) {
    attempt.thumbprint = evidence->leaf.thumbprint();
  }
  return attempt;
}

model::Attempt attempt_of(const DeviceRequest& request, std::string call, const Decision& decision,
                          std::vector<model::Finding> findings) {
  model::Attempt attempt = attempt_of(request, std::move(call));
  attempt.outcome = decision.outcome == Outcome::kDisabled     ? model::AttemptOutcome::kDisabled
                    : decision.outcome == Outcome::kChallenged ? model::AttemptOutcome::kChallenged
                                                               : model::AttemptOutcome::kRefused;
  if (decision.enrollment) {
    attempt.enrollment_kind = decision.enrollment->kind;
    attempt.enrollment_id = decision.enrollment->id;
  }
  attempt.findings = std::move(findings);
  attempt.checks = decision.checks;
  return attempt;
}

model::Attempt attempt_of(const model::Operation& operation) {
  model::Attempt attempt;
  attempt.tracking_id = operation.tracking_id;
  attempt.at = operation.begun;
  attempt.call = "register";
  attempt.registration_id = operation.registration_id;
  attempt.api_version = operation.api_version;
  attempt.thumbprint = operation.thumbprint;
  attempt.enrollment_kind = operation.enrollment_kind;
  attempt.enrollment_id = operation.enrollment_id;
  attempt.checks.push_back({"operation.resumed", true, "taken up again; the checks before that stand in the log"});
  return attempt;
}

}  // namespace muster::provisioning
