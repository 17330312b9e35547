#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "crypto/tpm/test_tpm.h"
#include "provisioning/registrar.h"
#include "provisioning/test_hubs.h"
#include "provisioning/test_world.h"

// Devices with a TPM, from their keys to their hub: device-api.md 5.3, R-060 to R-068.
namespace muster::provisioning {
namespace {

using crypto::tpm::KeyRole;
using crypto::tpm::ParentKey;
using crypto::tpm::testing::SoftTpm;
using crypto::tpm::testing::TpmKey;
using model::EnrollmentKind;
using model::RegistrationStatus;
using testing::CountingHub;
using testing::StoredHub;
using testing::tpm_body;
using testing::World;

class RegistrarTpm : public ::testing::Test {
 protected:
  RegistrarTpm() {
    configure_log(LogLevel::kError, LogFormat::kText);
    enroll();
    use(stored_);
  }

  void use(HubLink& hub) {
    registrar_.reset();
    registrar_ = std::make_unique<Registrar>(
        Registrar::Parts{world_.store(), hub, world_.clock, world_.random, attempts_}, AttestationSettings{});
  }
  void enroll(const std::string& more = "") {
    world_.enroll(EnrollmentKind::kIndividual, "Dev-1", tpm_body(to_base64(tpm_.ek.octets), more));
  }

  static TpmKeys keys_of(const SoftTpm& tpm) {
    return {tpm.ek.octets, ParentKey::parse(tpm.srk.octets, KeyRole::kStorageRoot).value()};
  }
  /// The first call of a device: its keys and no token.
  DeviceRequest first(const SoftTpm& tpm, const std::string& id = "dev-1") {
    DeviceRequest request = world_.request(id);
    request.tpm = keys_of(tpm);
    return request;
  }
  /// The second call: signed with what the TPM activated. IoT Edge does not show its keys again.
  DeviceRequest second(const SecretBytes& key) { return world_.signed_request("dev-1", key); }

  RegisterAnswer call(const DeviceRequest& request) { return world_.must(registrar_->register_device(request)); }
  /// The key that the TPM gets out of its challenge.
  SecretBytes challenge(const SoftTpm& tpm) {
    const RegisterAnswer answer = call(first(tpm));
    EXPECT_EQ(answer.decision.outcome, Outcome::kChallenged) << summarize(answer.decision.checks);
    EXPECT_FALSE(answer.operation);
    return tpm.activate(answer.activation).value();
  }
  StatusAnswer poll(const std::string& operation, const SecretBytes& key) {
    DeviceRequest request = second(key);
    request.call = DeviceRequest::Call::kStatus;
    request.operation_id = operation;
    return world_.must(registrar_->operation_status(request, operation));
  }
  std::string newest_cause() {
    attempts_.wait_until_written();
    const auto page = world_.must(world_.store().list_attempts(world_.instance(), {}, "", 1));
    return page.items.at(0).findings.empty() ? "" : page.items.at(0).findings.front().cause;
  }
  /// Refused, without an operation, for this cause.
  void expect_refused(DeviceRequest request, const std::string& cause) {
    world_.clock.advance(std::chrono::seconds(1));  // so that its attempt is the newest
    request.at = world_.clock.now();
    request.tracking_id = make_time_ordered_guid(world_.random, request.at);
    const RegisterAnswer answer = call(request);
    EXPECT_FALSE(answer.operation);
    EXPECT_TRUE(answer.activation.empty());
    EXPECT_EQ(newest_cause(), cause);
  }
  model::HubDevice hub_device(const model::Registration& record) {
    return world_.must(world_.store().find_hub_device(world_.instance(), record.assigned_hub, record.device_id))
        .value();
  }

  SoftTpm tpm_{"TCG L-2", "TCG SRK ECC"};
  World world_;
  StoredHub stored_;
  AttemptJournal attempts_{world_.store(), world_.clock, {}};
  std::unique_ptr<Registrar> registrar_;
};

TEST_F(RegistrarTpm, ATpmProvesItselfAndGetsItsHubsKey) {  // R-061
  const SecretBytes nonce_key = challenge(tpm_);
  const RegisterAnswer answer = call(second(nonce_key));
  ASSERT_TRUE(answer.operation) << summarize(answer.decision.checks);
  const StatusAnswer status = poll(answer.operation->id, nonce_key);
  ASSERT_TRUE(status.state && status.state->registration);
  EXPECT_EQ(status.state->registration->status, RegistrationStatus::kAssigned);
  EXPECT_EQ(status.state->registration->attestation, "tpm");
  const auto hub_key = tpm_.activate(status.hub_key);
  ASSERT_TRUE(hub_key.has_value());
  EXPECT_NE(*hub_key, nonce_key);
  const auto keys = std::get<model::SasCredential>(hub_device(*status.state->registration).credential);
  EXPECT_EQ(keys.primary, *hub_key);
  EXPECT_NE(keys.secondary, *hub_key);
}

TEST_F(RegistrarTpm, EveryRegistrationRollsTheHubsKey) {  // R-063
  std::vector<SecretBytes> keys;
  for (int i = 0; i < 3; ++i) {
    const SecretBytes nonce_key = challenge(tpm_);
    const auto operation = *call(second(nonce_key)).operation;
    const StatusAnswer status = poll(operation.id, nonce_key);
    keys.push_back(tpm_.activate(status.hub_key).value());
    EXPECT_EQ(std::get<model::SasCredential>(hub_device(*status.state->registration).credential).primary, keys.back());
    world_.clock.advance(std::chrono::minutes(1));
  }
  EXPECT_NE(keys[0], keys[1]);
  EXPECT_NE(keys[1], keys[2]);
}

TEST_F(RegistrarTpm, AClearedTpmIsRecognised) {  // R-062: the same chip, a new owner
  const SecretBytes old_key = challenge(tpm_);
  call(second(old_key));
  tpm_.srk = TpmKey("TCG SRK ECC");
  const SecretBytes key = challenge(tpm_);
  const auto operation = *call(second(key)).operation;
  EXPECT_TRUE(tpm_.activate(poll(operation.id, key).hub_key).has_value());
}

TEST_F(RegistrarTpm, TheAnswerIsGoodOnce) {
  const SecretBytes key = challenge(tpm_);
  ASSERT_TRUE(call(second(key)).operation);
  expect_refused(second(key), "tpm-challenge-spent");
}

TEST_F(RegistrarTpm, ARepeatedAnswerWithKeysIsChallengedAnew) {  // device-api.md 5.3: nothing is pending any more
  const SecretBytes key = challenge(tpm_);
  ASSERT_TRUE(call(second(key)).operation);
  DeviceRequest again = second(key);
  again.tpm = keys_of(tpm_);
  const RegisterAnswer answer = call(again);
  EXPECT_FALSE(answer.operation);
  const auto next = tpm_.activate(answer.activation);
  ASSERT_TRUE(next.has_value());
  EXPECT_NE(*next, key);
  EXPECT_TRUE(call(second(*next)).operation);
}

TEST_F(RegistrarTpm, AFreshChallengeTellsWhatWasWrongWithTheToken) {
  const SecretBytes key = challenge(tpm_);
  ASSERT_TRUE(call(second(key)).operation);
  world_.clock.advance(std::chrono::seconds(1));
  DeviceRequest again = second(key);
  again.tpm = keys_of(tpm_);
  EXPECT_THAT(summarize(call(again).decision.checks),
              ::testing::HasSubstr("tpm.challenge FAILED (it led to a registration already)"));
}

TEST_F(RegistrarTpm, ALookUpIsNotChallenged) {
  DeviceRequest request = first(tpm_);
  request.call = DeviceRequest::Call::kLookUp;
  EXPECT_EQ(world_.must(registrar_->look_up(request)).decision.outcome, Outcome::kRefused);
  EXPECT_EQ(newest_cause(), "no-credentials");
}

TEST_F(RegistrarTpm, PollsAreProvenAsLongAsTheOperationLives) {
  const SecretBytes key = challenge(tpm_);
  const auto operation = *call(second(key)).operation;
  world_.clock.advance(std::chrono::hours(2));
  EXPECT_TRUE(poll(operation.id, key).state);
  EXPECT_TRUE(tpm_.activate(poll(operation.id, key).hub_key).has_value());
}

TEST_F(RegistrarTpm, AnAnswerAfterAnHourIsRefused) {
  const SecretBytes key = challenge(tpm_);
  world_.clock.advance(std::chrono::hours(1));
  expect_refused(second(key), "tpm-challenge-expired");
  DeviceRequest with_keys = second(key);
  with_keys.tpm = keys_of(tpm_);
  const RegisterAnswer answer = call(with_keys);
  EXPECT_FALSE(answer.operation);
  EXPECT_TRUE(tpm_.activate(answer.activation).has_value()) << "one fresh challenge";
}

TEST_F(RegistrarTpm, AWrongTokenIsNotChallengedAgainWhileOneIsPending) {  // C would import and sign for ever
  challenge(tpm_);
  DeviceRequest wrong = second(SecretBytes(Bytes(32, 9)));
  wrong.tpm = keys_of(tpm_);
  expect_refused(wrong, "tpm-wrong-signature");
}

TEST_F(RegistrarTpm, ATokenWithoutAChallengeIsRefused) {
  const SecretBytes key(Bytes(32, 9));
  expect_refused(second(key), "demands-tpm");
  challenge(tpm_);
  world_.clock.advance(std::chrono::hours(1));
  expect_refused(second(key), "tpm-no-challenge");
}

TEST_F(RegistrarTpm, TheChallengeOfOneDeviceIsNoneForAnother) {
  SoftTpm other{"TCG L-2", "TCG SRK ECC"};
  world_.enroll(EnrollmentKind::kIndividual, "dev-2", tpm_body(to_base64(other.ek.octets)));
  const SecretBytes key = challenge(tpm_);
  expect_refused(world_.signed_request("dev-2", key), "demands-tpm");
  call(first(other, "dev-2"));
  expect_refused(world_.signed_request("dev-2", key), "tpm-wrong-signature");
}

TEST_F(RegistrarTpm, AnotherEndorsementKeyIsAnotherDevice) {  // R-064
  SoftTpm other{"TCG L-2", "TCG SRK ECC"};
  expect_refused(first(other), "tpm-other-endorsement-key");
  DeviceRequest answer = second(challenge(tpm_));
  answer.tpm = keys_of(other);
  expect_refused(answer, "tpm-other-endorsement-key");
}

TEST_F(RegistrarTpm, AnExchangedEnrollmentEndsThePendingChallenge) {
  const SecretBytes key = challenge(tpm_);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1", tpm_body(crypto::tpm::testing::kOtherEndorsementKey));
  expect_refused(second(key), "tpm-other-endorsement-key");
}

TEST_F(RegistrarTpm, ASwappedStorageRootKeyIsRefused) {
  DeviceRequest answer = second(challenge(tpm_));
  tpm_.srk = TpmKey("TCG SRK ECC");
  answer.tpm = keys_of(tpm_);
  expect_refused(answer, "tpm-other-storage-root-key");
}

TEST_F(RegistrarTpm, ChallengesForAForeignStorageRootKeyDoNotDisplaceTheDevices) {  // whoever knows the public key
  const SecretBytes key = challenge(tpm_);
  SoftTpm foreign{"TCG L-2", "TCG SRK ECC"};
  for (int i = 0; i < 3; ++i) {
    foreign.srk = TpmKey("TCG SRK ECC");
    DeviceRequest request = first(tpm_);
    request.tpm->storage_root_key = keys_of(foreign).storage_root_key;
    const RegisterAnswer answer = call(request);
    EXPECT_FALSE(answer.activation.empty());
    EXPECT_FALSE(foreign.activate(answer.activation).has_value());
  }
  EXPECT_TRUE(call(second(key)).operation);
}

TEST_F(RegistrarTpm, AskingTwiceGivesTheSameKeyInAnotherBlob) {
  const RegisterAnswer one = call(first(tpm_));
  const RegisterAnswer two = call(first(tpm_));
  EXPECT_NE(one.activation, two.activation);
  EXPECT_EQ(tpm_.activate(one.activation), tpm_.activate(two.activation));
}

TEST_F(RegistrarTpm, AnEntryMayPinTheStorageRootKey) {  // R-060: for devices that do not send theirs
  DeviceRequest request = first(tpm_);
  request.tpm->storage_root_key.reset();
  expect_refused(request, "tpm-no-storage-root-key");
  world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":")" + to_base64(tpm_.ek.octets) +
                    R"(","storageRootKey":")" + to_base64(tpm_.srk.octets) + R"("}}})");
  EXPECT_TRUE(tpm_.activate(call(request).activation).has_value());
}

TEST_F(RegistrarTpm, OtherEntriesGiveNoChallenge) {
  expect_refused(first(tpm_, "nobody"), "no-enrollment");
  world_.enroll(EnrollmentKind::kIndividual, "dev-3", testing::symmetric_body());
  expect_refused(first(tpm_, "dev-3"), "demands-token");
  world_.enroll(EnrollmentKind::kIndividual, "dev-4",
                R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"root"}}}})");
  expect_refused(first(tpm_, "dev-4"), "demands-certificate");
}

TEST_F(RegistrarTpm, AKeyFromBeforeItWasCheckedIsExplained) {
  world_.must(world_.store().change_enrollment(world_.instance(), EnrollmentKind::kIndividual, "dev-1",
                                               [](const model::Enrollment* current) -> Result<model::Enrollment> {
                                                 model::Enrollment next = *current;
                                                 next.attestation = model::TpmAttestation{"AToAAQ==", ""};
                                                 return next;
                                               }));
  expect_refused(first(tpm_), "tpm-enrolled-key-unusable");
}

TEST_F(RegistrarTpm, ADisabledOrFailedDeviceGetsNoKey) {
  enroll(R"(,"provisioningStatus":"disabled")");
  SecretBytes key = challenge(tpm_);
  auto operation = *call(second(key)).operation;
  registrar_->wait_until_idle();
  StatusAnswer status = poll(operation.id, key);
  EXPECT_EQ(status.state->registration->status, RegistrationStatus::kDisabled);
  EXPECT_TRUE(status.hub_key.empty());

  enroll(R"(,"iotHubs":["gone.test","lost.test"])");
  key = challenge(tpm_);
  operation = *call(second(key)).operation;
  registrar_->wait_until_idle();
  status = poll(operation.id, key);
  EXPECT_EQ(status.state->registration->status, RegistrationStatus::kFailed);
  EXPECT_TRUE(status.hub_key.empty());
}

TEST_F(RegistrarTpm, ARegistrationUnderWayEndsWithTheSameKeyAfterARestart) {
  CountingHub hub;
  hub.failures = 1;
  use(hub);
  const SecretBytes key = challenge(tpm_);
  const auto operation = *call(second(key)).operation;
  registrar_->wait_until_idle();
  EXPECT_EQ(call(second(key)).operation->id, operation.id) << "the answer again, while it is under way";
  registrar_->wait_until_idle();
  use(hub);
  world_.must(registrar_->resume_open_operations());
  registrar_->wait_until_idle();
  const auto hub_key = tpm_.activate(poll(operation.id, key).hub_key);
  ASSERT_TRUE(hub_key.has_value());
  EXPECT_EQ(std::get<model::SasCredential>(hub.credential.value()).primary, *hub_key);
}

TEST_F(RegistrarTpm, APollOfAnEarlierOperationGetsTheKeyThatCounts) {  // C polls the first operation it ever got
  const SecretBytes old_key = challenge(tpm_);
  const auto old_operation = *call(second(old_key)).operation;
  world_.clock.advance(std::chrono::seconds(1));
  const SecretBytes key = challenge(tpm_);
  const auto operation = *call(second(key)).operation;
  EXPECT_EQ(tpm_.activate(poll(old_operation.id, key).hub_key), tpm_.activate(poll(operation.id, key).hub_key));
}

TEST_F(RegistrarTpm, ALookUpIsProvenByTheSameToken) {
  const SecretBytes key = challenge(tpm_);
  call(second(key));
  DeviceRequest request = second(key);
  request.call = DeviceRequest::Call::kLookUp;
  const LookupAnswer answer = world_.must(registrar_->look_up(request));
  ASSERT_TRUE(answer.record);
  EXPECT_TRUE(tpm_.activate(answer.hub_key).has_value());
}

TEST_F(RegistrarTpm, AChallengeLeavesATrace) {
  call(first(tpm_));
  attempts_.wait_until_written();
  const auto page = world_.must(world_.store().list_attempts(world_.instance(), {}, "", 1));
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].outcome, model::AttemptOutcome::kChallenged);
  EXPECT_FALSE(page.items[0].failed());
  EXPECT_EQ(page.items[0].enrollment_id, "Dev-1");
  EXPECT_EQ(page.items[0].checks.back().what, "tpm.challenge");
}

}  // namespace
}  // namespace muster::provisioning
