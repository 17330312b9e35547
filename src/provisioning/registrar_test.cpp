#include "provisioning/registrar.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "provisioning/test_hubs.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using model::EnrollmentKind;
using model::RegistrationStatus;
using testing::CountingHub;
using testing::key_of;
using testing::kKeyA;
using testing::kKeyB;
using testing::StoredHub;
using testing::symmetric_body;
using testing::tpm_body;
using testing::World;

/// Writes down what it is told.
class NotingObserver final : public RegistrationObserver {
 public:
  void attested(const DeviceRequest& request, const Decision& decision) noexcept override {
    note(request.registration_id + (decision.outcome == Outcome::kRefused ? " refused" : " proven"));
  }
  void registered(const model::InstanceId& /*instance*/, const model::Operation& operation,
                  const model::Registration& record, TimePoint at) noexcept override {
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(at - operation.begun);
    note(operation.registration_id + " " + std::string(to_string(record.status)) + " after " +
         std::to_string(took.count()));
  }
  void stuck(const model::InstanceId& /*instance*/, const model::Operation& operation) noexcept override {
    note(operation.registration_id + " stuck");
  }
  std::vector<std::string> notes() {
    const std::scoped_lock lock(mutex_);
    return notes_;
  }

 private:
  void note(std::string text) {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(std::move(text));
  }
  std::mutex mutex_;  // protects notes_
  std::vector<std::string> notes_;
};

class RegistrarTest : public ::testing::Test {
 protected:
  RegistrarTest() {
    configure_log(LogLevel::kError, LogFormat::kText);
    world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body());
    restart();
  }

  void restart() {
    registrar_.reset();
    registrar_ = std::make_unique<Registrar>(
        Registrar::Parts{world_.store(), hub_, world_.clock, world_.random, attempts_, &observer_},
        AttestationSettings{});
  }
  DeviceRequest good_request() { return world_.signed_request("dev-1", key_of(kKeyA)); }
  std::string register_device() { return world_.must(registrar_->register_device(good_request())).operation->id; }
  store::OperationState poll(const std::string& id) {
    return *world_.must(registrar_->operation_status(good_request(), id)).state;
  }

  World world_;
  CountingHub hub_;
  AttemptJournal attempts_{world_.store(), world_.clock, {}};
  NotingObserver observer_;
  std::unique_ptr<Registrar> registrar_;
};

TEST_F(RegistrarTest, TellsItsObserverWhatBecomesOfRegisterCalls) {
  hub_.failures = 1;
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  world_.clock.advance(std::chrono::seconds(7));
  poll(operation);  // takes the operation up again
  registrar_->wait_until_idle();
  world_.must(registrar_->register_device(world_.signed_request("dev-1", key_of("AAAA"))));
  EXPECT_THAT(observer_.notes(),
              ::testing::ElementsAre("dev-1 proven", "dev-1 stuck", "dev-1 assigned after 7", "dev-1 refused"));
  EXPECT_EQ(registrar_->in_flight(), 0U);
}

class RegistrarAtOnce : public RegistrarTest {
 protected:
  RegistrarAtOnce() {
    registrar_ = std::make_unique<Registrar>(
        Registrar::Parts{world_.store(), stored_, world_.clock, world_.random, attempts_, &observer_},
        AttestationSettings{});
  }

  StoredHub stored_;
};

TEST_F(RegistrarAtOnce, ADeviceOfOurOwnHubIsAssignedWhenTheCallIsAnswered) {
  const DeviceRequest request = good_request();
  const auto answer = world_.must(registrar_->register_device(request));
  ASSERT_TRUE(answer.operation);
  EXPECT_EQ(registrar_->in_flight(), 0U);
  const auto state = poll(answer.operation->id);
  EXPECT_EQ(state.registration.value().status, RegistrationStatus::kAssigned);
  EXPECT_EQ(state.registration->device_id, "dev-1");
  EXPECT_TRUE(world_.must(world_.store().find_hub_device(world_.instance(), state.registration->assigned_hub,
                                                         state.registration->device_id)));
  EXPECT_THAT(observer_.notes(), ::testing::ElementsAre("dev-1 proven", "dev-1 assigned after 0"));
  const auto attempt = world_.must(world_.store().find_attempt(world_.instance(), request.tracking_id));
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->outcome, model::AttemptOutcome::kAssigned);
  EXPECT_EQ(attempt->checks.back().what, "hub.put-device");
}

TEST_F(RegistrarAtOnce, ADeviceThatComesAgainKeepsItsPlace) {
  const auto first = poll(register_device()).registration.value();
  world_.clock.advance(std::chrono::minutes(5));
  const auto second = poll(register_device()).registration.value();
  EXPECT_EQ(second.assigned_hub, first.assigned_hub);
  EXPECT_EQ(second.created, first.created);
  EXPECT_NE(second.etag, first.etag);
}

TEST_F(RegistrarAtOnce, ADeviceWithoutHubFailsAtOnce) {
  world_.set_hubs({});
  const auto record = poll(register_device()).registration.value();
  EXPECT_EQ(record.status, RegistrationStatus::kFailed);
  EXPECT_NE(record.error_code, 0);
}

TEST_F(RegistrarAtOnce, ADisabledDeviceGoesTheLongWay) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(R"(,"provisioningStatus":"disabled")"));
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(operation).registration.value().status, RegistrationStatus::kDisabled);
}

/// What is kept of what devices tried.
class RegistrarAttempts : public RegistrarTest {
 protected:
  /// The newest attempt, when all is quiet.
  model::Attempt newest() {
    registrar_->wait_until_idle();
    attempts_.wait_until_written();
    return world_.must(world_.store().list_attempts(world_.instance(), {}, "", 1)).items.at(0);
  }
  /// The cause for which a good device failed.
  std::string cause_of_failure() {
    world_.clock.advance(std::chrono::seconds(1));
    register_device();
    const model::Attempt attempt = newest();
    EXPECT_EQ(attempt.outcome, model::AttemptOutcome::kFailed);
    return attempt.findings.at(0).cause;
  }
  void enroll(const std::string& more) { world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(more)); }
};

TEST_F(RegistrarAttempts, AnAssignedDeviceLeavesEveryCheckAndItsHub) {
  const DeviceRequest request = good_request();
  world_.must(registrar_->register_device(request));
  const model::Attempt attempt = newest();
  EXPECT_EQ(attempt.tracking_id, request.tracking_id);
  EXPECT_EQ(attempt.outcome, model::AttemptOutcome::kAssigned);
  EXPECT_EQ(attempt.device_id, "dev-1");
  EXPECT_FALSE(attempt.hub.empty());
  EXPECT_EQ(attempt.enrollment_id, "dev-1");
  EXPECT_THAT(attempt.findings, ::testing::IsEmpty());
  std::vector<std::string> names;
  for (const auto& check : attempt.checks) names.push_back(check.what);
  EXPECT_THAT(names, ::testing::ElementsAre("token.form", "token.resource", "token.expiry", "enrollment.found",
                                            "token.signature", "enrollment.status", "allocation.policy",
                                            "allocation.hub", "hub.put-device"));
}

TEST_F(RegistrarAttempts, ARefusedDeviceLeavesItsCause) {
  world_.must(registrar_->register_device(world_.signed_request("dev-1", SecretBytes(Bytes(32, 1)))));
  const model::Attempt attempt = newest();
  EXPECT_EQ(attempt.outcome, model::AttemptOutcome::kRefused);
  EXPECT_EQ(attempt.findings.at(0).cause, "wrong-key");
}

TEST_F(RegistrarAttempts, ADisabledDeviceLeavesItsCause) {
  enroll(R"(,"provisioningStatus":"disabled")");
  register_device();
  EXPECT_EQ(newest().outcome, model::AttemptOutcome::kDisabled);
  EXPECT_EQ(newest().findings.at(0).cause, "enrollment-disabled");
}

TEST_F(RegistrarAttempts, EveryFailureOfAnAssignmentHasItsCause) {
  enroll(R"(,"allocationPolicy":"static")");
  EXPECT_EQ(cause_of_failure(), "static-hub-count");
  enroll(R"(,"iotHubs":["gone.test","lost.test"])");
  EXPECT_EQ(cause_of_failure(), "named-hubs-not-linked");
  enroll(R"(,"allocationPolicy":"custom","customAllocationDefinition":)"
         R"({"webhookUrl":"https://a.test/x","apiVersion":"2019-03-31"})");
  EXPECT_EQ(cause_of_failure(), "webhook-not-allowed");
  enroll("");
  hub_.refuses = true;
  EXPECT_EQ(cause_of_failure(), "hub-refused");
  world_.set_hubs({});
  EXPECT_EQ(cause_of_failure(), "no-hub-linked");
}

TEST_F(RegistrarAttempts, AStuckDeviceIsExplainedAndLaterWhole) {
  hub_.failures = 1;
  const std::string operation = register_device();
  model::Attempt attempt = newest();
  EXPECT_EQ(attempt.outcome, model::AttemptOutcome::kPending);
  EXPECT_EQ(attempt.findings.at(0).cause, "hub-unreachable");
  const std::string id = attempt.tracking_id;
  poll(operation);
  attempt = newest();
  EXPECT_EQ(attempt.tracking_id, id) << "the same attempt goes on";
  EXPECT_EQ(attempt.outcome, model::AttemptOutcome::kAssigned);
  EXPECT_EQ(attempt.checks.front().what, "token.form") << "what was seen before is not lost";
}

TEST_F(RegistrarAttempts, ADeviceWhoseRegistrationIsUnderWayJoinsIt) {
  hub_.failures = 1;
  register_device();
  registrar_->wait_until_idle();
  hub_.failures = 1;
  world_.clock.advance(std::chrono::seconds(1));
  const DeviceRequest again = good_request();
  world_.must(registrar_->register_device(again));
  attempts_.wait_until_written();
  const auto kept = world_.must(world_.store().find_attempt(world_.instance(), again.tracking_id));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->outcome, model::AttemptOutcome::kJoined);
}

TEST_F(RegistrarAttempts, AnEnrollmentThatGoesMeanwhileIsTold) {
  hub_.failures = 1;
  register_device();
  registrar_->wait_until_idle();
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", tpm_body());
  restart();
  world_.must(registrar_->resume_open_operations());
  EXPECT_EQ(newest().findings.at(0).cause, "enrollment-gone-meanwhile");
}

TEST_F(RegistrarAttempts, PollsAndLookUpsForNothingAreKept) {
  EXPECT_FALSE(wait_for(registrar_->operation_status(good_request(), "1.0.none")));
  EXPECT_EQ(newest().findings.at(0).cause, "unknown-operation");
  EXPECT_EQ(newest().call, "status");
  world_.clock.advance(std::chrono::seconds(1));
  world_.must(registrar_->look_up(good_request()));
  EXPECT_EQ(newest().findings.at(0).cause, "never-registered");
  EXPECT_EQ(newest().call, "look-up");
}

TEST_F(RegistrarTest, AProvenDeviceIsAssigned) {
  const std::string operation = register_device();
  EXPECT_EQ(operation.size(), 55U);  // device-api.md 6.5
  registrar_->wait_until_idle();
  const auto state = poll(operation);
  ASSERT_TRUE(state.registration);
  EXPECT_EQ(state.registration->status, RegistrationStatus::kAssigned);
  EXPECT_EQ(state.registration->device_id, "dev-1");
  EXPECT_EQ(std::get<model::SasCredential>(*hub_.credential).primary, key_of(kKeyA));
}

TEST_F(RegistrarTest, ARefusedDeviceLeavesNoRecord) {  // R-076
  const auto answer =
      world_.must(registrar_->register_device(world_.signed_request("dev-1", SecretBytes(Bytes(32, 1)))));
  EXPECT_FALSE(answer.operation);
  EXPECT_FALSE(world_.must(world_.store().find_registration(world_.instance(), "dev-1")));
}

TEST_F(RegistrarTest, WithoutCredentialsTheDeviceIsRefused) {
  const auto answer = world_.must(registrar_->register_device(world_.request("dev-1")));
  EXPECT_EQ(answer.decision.reason, Reason::kNoCredentials);
}

TEST_F(RegistrarTest, ADisabledEntryEndsInARecordDisabled) {  // R-074, R-212
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(R"(,"provisioningStatus":"disabled")"));
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(operation).registration->status, RegistrationStatus::kDisabled);
  EXPECT_EQ(hub_.puts, 0);
}

TEST_F(RegistrarTest, NoHubEndsInARecordFailed) {  // R-075, R-213
  world_.set_hubs({});
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  const auto state = poll(operation);
  EXPECT_EQ(state.registration->status, RegistrationStatus::kFailed);
  EXPECT_EQ(state.registration->error_code, 400208);
}

TEST_F(RegistrarTest, AnOperationStuckOnAPassingFaultGoesOnWhenPolled) {
  hub_.failures = 1;
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(operation).registration->status, RegistrationStatus::kAssigning);
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(operation).registration->status, RegistrationStatus::kAssigned);
}

TEST_F(RegistrarTest, RegisteringAgainWhileOpenGivesTheSameOperation) {  // design section 3
  hub_.failures = 1;
  const std::string first = register_device();
  registrar_->wait_until_idle();
  EXPECT_EQ(register_device(), first);
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(first).registration->status, RegistrationStatus::kAssigned);
}

TEST_F(RegistrarTest, RegisteringAgainLaterIsANewOperationOnTheSameRecord) {  // R-073, R-078
  const std::string first = register_device();
  registrar_->wait_until_idle();
  const auto before = *poll(first).registration;
  world_.clock.advance(std::chrono::minutes(1));
  const std::string second = register_device();
  EXPECT_NE(second, first);
  registrar_->wait_until_idle();
  const auto after = *poll(second).registration;
  EXPECT_EQ(after.created, before.created);
  EXPECT_GT(after.updated, before.updated);
  EXPECT_EQ(after.assigned_hub, before.assigned_hub);
  EXPECT_EQ(poll(first).registration->etag, after.etag);  // device-api.md 9: earlier ids report the outcome
}

TEST_F(RegistrarTest, OpenOperationsGoOnAfterARestart) {
  hub_.failures = 1;
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  restart();
  EXPECT_EQ(world_.must(registrar_->resume_open_operations()), 1U);
  registrar_->wait_until_idle();
  EXPECT_EQ(poll(operation).registration->status, RegistrationStatus::kAssigned);
  EXPECT_EQ(std::get<model::SasCredential>(*hub_.credential).secondary, key_of(kKeyB));  // found again
}

TEST_F(RegistrarTest, AResumedGroupDeviceKeepsItsDerivedKeys) {  // device-api.md 4.3
  world_.enroll(EnrollmentKind::kGroup, "line",
                R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string(kKeyB) +
                    R"(","secondaryKey":")" + std::string(kKeyB) + R"("}}})");
  const auto lower = crypto::derive_device_key(key_of(kKeyB), "unit-2");
  hub_.failures = 1;
  const auto answer = world_.must(registrar_->register_device(world_.signed_request("UNIT-2", lower)));
  ASSERT_TRUE(answer.operation);
  registrar_->wait_until_idle();
  restart();
  world_.must(registrar_->resume_open_operations());
  registrar_->wait_until_idle();
  EXPECT_EQ(std::get<model::SasCredential>(*hub_.credential).primary, lower);
}

TEST_F(RegistrarTest, AnotherDevicesOperationIsNotFound) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-2",
                R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string(kKeyB) +
                    R"(","secondaryKey":")" + std::string(kKeyB) + R"("}}})");
  const std::string operation = register_device();
  const auto answer = wait_for(registrar_->operation_status(world_.signed_request("dev-2", key_of(kKeyB)), operation));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_F(RegistrarTest, AnEndedOperationWhoseRecordWasDeletedIsNotFound) {  // the device would poll for ever
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  const auto removed = wait_for(world_.store().remove_registration(
      world_.instance(), "dev-1", [](const model::Registration&) { return Result<void>(); }));
  ASSERT_TRUE(removed);
  const auto answer = wait_for(registrar_->operation_status(good_request(), operation));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_F(RegistrarTest, APollNeedsProofToo) {
  const std::string operation = register_device();
  const auto answer = world_.must(registrar_->operation_status(world_.request("dev-1"), operation));
  EXPECT_EQ(answer.decision.outcome, Outcome::kRefused);
  EXPECT_FALSE(answer.state);
}

TEST_F(RegistrarTest, TheCertificateThatBeganTheOperationIsProofForItsPolls) {
  const auto leaf = world_.issue("dev-9", crypto::CertificateUse::kClient);
  world_.enroll(EnrollmentKind::kIndividual, "dev-9", testing::x509_body("clientCertificates", leaf.certificate));
  const auto request = world_.certificate_request("dev-9", leaf.certificate);
  const auto begun = world_.must(registrar_->register_device(request));
  registrar_->wait_until_idle();
  const auto answer = world_.must(registrar_->operation_status(request, begun.operation->id));
  EXPECT_EQ(answer.decision.checks.front().what, "certificate.operation");
  EXPECT_EQ(answer.state->registration->status, RegistrationStatus::kAssigned);
  // Another certificate with the same name is judged, and refused.
  const auto other = world_.issue("dev-9", crypto::CertificateUse::kClient);
  const auto refused = world_.must(
      registrar_->operation_status(world_.certificate_request("dev-9", other.certificate), begun.operation->id));
  EXPECT_EQ(refused.decision.outcome, Outcome::kRefused);
}

TEST_F(RegistrarTest, AnEnrollmentDeletedInBetweenFailsTheOperation) {
  hub_.failures = 1;
  const std::string operation = register_device();
  registrar_->wait_until_idle();
  world_.must(world_.store().remove_enrollment(world_.instance(), EnrollmentKind::kIndividual, "dev-1",
                                               [](const model::Enrollment&) -> Result<void> { return {}; }));
  world_.must(registrar_->resume_open_operations());
  registrar_->wait_until_idle();
  EXPECT_EQ(hub_.puts, 1);
}

TEST_F(RegistrarTest, ManyDevicesAtOnceAreAllAssigned) {
  world_.enroll(EnrollmentKind::kGroup, "line",
                R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string(kKeyB) +
                    R"(","secondaryKey":")" + std::string(kKeyB) + R"("}}})");
  std::vector<std::thread> threads;
  std::atomic<int> assigned = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string id = "unit-" + std::to_string(t) + "-" + std::to_string(i);
        const auto key = crypto::derive_device_key(key_of(kKeyB), id);
        const auto answer = wait_for(registrar_->register_device(world_.signed_request(id, key)));
        if (answer && answer->operation) ++assigned;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  registrar_->wait_until_idle();
  EXPECT_EQ(assigned, 200);
  const auto page = world_.must(world_.store().list_group_registrations(world_.instance(), "line", "", 1000));
  EXPECT_EQ(page.items.size(), 200U);
  for (const auto& record : page.items) EXPECT_EQ(record.status, RegistrationStatus::kAssigned);
}

}  // namespace
}  // namespace muster::provisioning
