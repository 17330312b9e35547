#include "provisioning/custom_allocation.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "model/json.h"
#include "provisioning/registrar.h"
#include "provisioning/test_hubs.h"
#include "provisioning/test_webhook_client.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using boost::json::object;
using model::EnrollmentKind;
using model::RegistrationStatus;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::key_of;
using testing::kKeyA;
using testing::MapHubs;
using ::testing::Not;
using testing::symmetric_body;
using testing::WebhookClient;
using testing::World;

constexpr const char* kCustom = R"(,"allocationPolicy":"custom","customAllocationDefinition":)"
                                R"({"webhookUrl":"https://alloc.test/pick?code=abcd","apiVersion":"2021-10-01"})";

/// A device whose hub a webhook chooses, registered by the registrar.
class CustomAllocationTest : public ::testing::Test {
 protected:
  CustomAllocationTest() {
    configure_log(LogLevel::kError, LogFormat::kText);
    std::vector<model::LinkedHub> hubs;
    for (const char* name : {"hub-a.test", "hub-b.test"}) {
      model::LinkedHub hub;
      hub.host_name = name;
      hub.kind = model::HubKind::kAzure;
      hubs.push_back(std::move(hub));
    }
    world_.set_hubs(std::move(hubs));
    enroll();
  }
  ~CustomAllocationTest() override { registrar_.wait_until_idle(); }

  void enroll(const std::string& more = "") {
    world_.enroll(EnrollmentKind::kIndividual, "dev-1", symmetric_body(kCustom + more));
  }
  void answer(std::string body, int status = 200) {
    client_.answer = [body = std::move(body), status](const auto&) { return WebhookClient::status(status, body); };
  }
  std::string begin(std::optional<boost::json::value> payload = {}) {
    world_.clock.advance(std::chrono::milliseconds(10));  // the newest attempt is the one with the newest time
    auto request = world_.signed_request("dev-1", key_of(kKeyA));
    request.payload = std::move(payload);
    return world_.must(registrar_.register_device(request)).operation->id;
  }
  model::Registration record() { return *world_.must(world_.store().find_registration(world_.instance(), "dev-1")); }
  model::Registration registered(std::optional<boost::json::value> payload = {}) {
    begin(std::move(payload));
    registrar_.wait_until_idle();
    return record();
  }
  model::Attempt newest() {
    attempts_.wait_until_written();
    return world_.must(world_.store().list_attempts(world_.instance(), {}, "", 1)).items.at(0);
  }
  object asked() { return model::parse_json_object(client_.requests().back().body).value(); }

  World world_;
  MapHubs hubs_;
  WebhookClient client_;
  AttemptJournal attempts_{world_.store(), world_.clock, {}};
  CustomAllocation custom_{{client_, world_.clock}, {}};
  Registrar registrar_{{.store = world_.store(),
                        .hubs = hubs_,
                        .clock = world_.clock,
                        .random = world_.random,
                        .attempts = attempts_,
                        .custom = &custom_},
                       AttestationSettings{}};
};

TEST_F(CustomAllocationTest, TheWebhookChoosesHubTwinAndPayload) {  // R-100, R-103, R-104
  answer(R"({"iotHubHostName":"HUB-B.test","initialTwin":{"tags":{"line":7}},"payload":{"profile":"b"}})");
  const auto record = registered();
  EXPECT_EQ(record.status, RegistrationStatus::kAssigned);
  EXPECT_EQ(record.assigned_hub, "hub-b.test");
  EXPECT_EQ(record.payload, (object{{"profile", "b"}}));
  EXPECT_EQ(hubs_.hubs["hub-b.test"]["dev-1"].twin.tags, (object{{"line", 7}}));
  std::vector<std::string> checks;
  for (const auto& check : newest().checks) checks.push_back(check.what);
  EXPECT_THAT(checks,
              ::testing::IsSupersetOf({"allocation.policy", "allocation.webhook-target", "allocation.webhook-circuit",
                                       "allocation.webhook-call", "allocation.webhook-answer", "allocation.hub"}));
}

TEST_F(CustomAllocationTest, TheRequestHasTheEntryWithoutSecretsTheDeviceAndTheHubs) {  // service-api.md 9
  registered(object{{"model", "pump-3"}});
  const object body = asked();
  EXPECT_EQ(body.size(), 3U);
  const object& entry = body.at("individualEnrollment").as_object();
  EXPECT_EQ(entry.at("registrationId"), "dev-1");
  EXPECT_EQ(entry.at("attestation"), (object{{"type", "symmetricKey"}}));
  EXPECT_THAT(std::string(entry.at("etag").as_string()), ::testing::StartsWith("\""));
  EXPECT_EQ(
      body.at("deviceRuntimeContext"),
      (object{{"registrationId", "dev-1"}, {"symmetricKey", object()}, {"payload", object{{"model", "pump-3"}}}}));
  EXPECT_EQ(body.at("linkedHubs"), (boost::json::array{"hub-a.test", "hub-b.test"}));
  EXPECT_THAT(client_.requests().back().body, Not(HasSubstr(std::string(kKeyA))));

  registered();
  const object again = asked();
  const object& context = again.at("deviceRuntimeContext").as_object();
  EXPECT_EQ(context.at("currentIotHubHostName"), "hub-b.test");
  EXPECT_EQ(context.at("currentDeviceId"), "dev-1");
  EXPECT_FALSE(context.contains("payload"));
}

TEST_F(CustomAllocationTest, AnOldWebhookIsNotToldOfPayloads) {  // service-api.md 9
  world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                symmetric_body(R"(,"allocationPolicy":"custom","iotHubs":["hub-b.test"],"customAllocationDefinition":)"
                               R"({"webhookUrl":"https://alloc.test/","apiVersion":"2018-11-01"})"));
  registered(object{{"model", "pump-3"}});
  EXPECT_FALSE(asked().at("deviceRuntimeContext").as_object().contains("payload"));
  EXPECT_EQ(asked().at("linkedHubs"), (boost::json::array{"hub-b.test"}));
}

TEST_F(CustomAllocationTest, AGroupIsShownAsSuch) {
  world_.enroll(EnrollmentKind::kGroup, "line7", symmetric_body(kCustom));
  const auto entry = world_.must(world_.store().find_enrollment(world_.instance(), EnrollmentKind::kGroup, "line7"));
  const auto config = world_.config();
  model::Registration record;
  record.registration_id = "unit-1";
  const AssignmentInput input{*config, *entry, record, model::SasCredential{}, ""};
  model::Operation operation;
  operation.registration_id = "unit-1";
  const auto trial = wait_for(custom_.try_out(input, operation));
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->allocation.hub->host_name, "hub-b.test");
  EXPECT_TRUE(trial->exchange.test);
  EXPECT_EQ(asked().at("enrollmentGroup").as_object().at("enrollmentGroupId"), "line7");
  EXPECT_FALSE(asked().contains("individualEnrollment"));
}

TEST_F(CustomAllocationTest, AnotherStatusThan200FailsWithItAtTheEnd) {  // R-102, R-215
  for (const int status : {201, 302, 400, 404, 500}) {
    answer("{}", status);
    const auto record = registered();
    EXPECT_EQ(record.status, RegistrationStatus::kFailed);
    EXPECT_EQ(record.error_code, 400207);
    EXPECT_THAT(record.error_message, EndsWith(": " + std::to_string(status)));
    EXPECT_EQ(newest().findings.at(0).cause, "custom-allocation-failed");
  }
}

TEST_F(CustomAllocationTest, EveryOtherFailureHasItsCause) {  // R-102
  const auto cause = [this] {
    EXPECT_EQ(registered().error_code, 400207);
    return newest().findings.at(0).cause;
  };
  answer(R"({"iotHubHostName":"hub-c.test"})");
  EXPECT_EQ(cause(), "webhook-answer-invalid");
  answer("<html>");
  EXPECT_EQ(cause(), "webhook-answer-invalid");
  client_.answer = [](const auto&) { return WebhookClient::lost(); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(cause(), "webhook-unreachable");
  EXPECT_EQ(cause(), "webhook-resting");
  world_.clock.advance(seconds(5));
  answer(R"({"iotHubHostName":"hub-a.test"})");
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigned);
  world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                symmetric_body(R"(,"allocationPolicy":"custom","customAllocationDefinition":)"
                               R"({"webhookUrl":"http://alloc.test/x","apiVersion":"2019-03-31"})"));
  EXPECT_EQ(cause(), "webhook-not-allowed");
}

TEST_F(CustomAllocationTest, AFailureKeepsTheFormerAssignment) {  // R-119
  EXPECT_EQ(registered().assigned_hub, "hub-b.test");
  answer("{}", 500);
  EXPECT_EQ(registered().assigned_hub, "hub-b.test");
}

TEST_F(CustomAllocationTest, WhoNeverMovesStaysAndIsToldThePayload) {  // R-101
  enroll(R"(,"reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":false})");
  answer(R"({"iotHubHostName":"hub-a.test","initialTwin":{"tags":{"n":1}},"payload":1})");
  EXPECT_EQ(registered().assigned_hub, "hub-a.test");
  answer(R"({"iotHubHostName":"hub-b.test","initialTwin":{"tags":{"n":2}},"payload":2})");
  const auto record = registered();
  EXPECT_EQ(record.assigned_hub, "hub-a.test");
  EXPECT_EQ(record.payload, boost::json::value(2));
  EXPECT_EQ(hubs_.hubs["hub-a.test"]["dev-1"].twin.tags, (object{{"n", 1}}));
}

TEST_F(CustomAllocationTest, ItsTwinWinsOverTheOneThatWouldMove) {  // R-103
  answer(R"({"iotHubHostName":"hub-a.test"})");
  registered();
  auto& twin = hubs_.hubs["hub-a.test"]["dev-1"].twin;
  twin.tags = {{"lived", "in"}};
  answer(R"({"iotHubHostName":"hub-a.test","initialTwin":{"tags":{"from":"webhook"}}})");
  registered();
  EXPECT_EQ(twin.tags, (object{{"lived", "in"}})) << "nothing moves, so nothing is overridden (R-113)";
  answer(R"({"iotHubHostName":"hub-b.test","initialTwin":{"tags":{"from":"webhook"}}})");
  const auto record = registered();
  EXPECT_EQ(record.substatus, model::Substatus::kDeviceDataMigrated);
  EXPECT_EQ(hubs_.hubs["hub-b.test"]["dev-1"].twin.tags, (object{{"from", "webhook"}}));
}

TEST_F(CustomAllocationTest, WithoutAPayloadTheDeviceGetsNone) {  // R-104
  answer(R"({"iotHubHostName":"hub-b.test","payload":{"a":1}})");
  registered();
  answer(R"({"iotHubHostName":"hub-b.test"})");
  EXPECT_FALSE(registered().payload);
}

TEST_F(CustomAllocationTest, TheWebhookIsAskedOnceWhileItsHubKeepsTheDeviceWaiting) {
  hubs_.before = [](const std::string& step) -> std::optional<Error> {
    return step == "put hub-b.test" ? std::optional(Error{ErrorCode::kUnavailable, "busy"}) : std::nullopt;
  };
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigning);
  answer(R"({"iotHubHostName":"hub-a.test"})");
  registrar_.tend();
  registrar_.wait_until_idle();
  EXPECT_EQ(client_.requests().size(), 1U);
  hubs_.before = nullptr;
  registrar_.tend();
  registrar_.wait_until_idle();
  EXPECT_EQ(record().assigned_hub, "hub-b.test");
  EXPECT_EQ(client_.requests().size(), 1U);
  EXPECT_EQ(registered().assigned_hub, "hub-a.test") << "the next registration asks anew";
}

TEST_F(CustomAllocationTest, AStopLeavesTheRegistrationOpen) {
  client_.answer = [this](const auto&) {
    custom_.stop();
    return WebhookClient::lost();
  };
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigning);
}

TEST_F(CustomAllocationTest, OtherDevicesDoNotWaitForASlowWebhook) {
  world_.enroll(EnrollmentKind::kIndividual, "dev-2", symmetric_body());
  client_.held = true;
  begin();
  const auto other = world_.must(registrar_.register_device(world_.signed_request("dev-2", key_of(kKeyA))));
  const auto assigned = [&] {
    return world_.must(world_.store().find_registration(world_.instance(), "dev-2"))->status ==
           RegistrationStatus::kAssigned;
  };
  while (!assigned()) std::this_thread::yield();
  EXPECT_EQ(record().status, RegistrationStatus::kAssigning);
  while (client_.requests().empty()) std::this_thread::yield();
  client_.held = false;
  client_.release();
  registrar_.wait_until_idle();
  EXPECT_EQ(record().status, RegistrationStatus::kAssigned);
}

TEST_F(CustomAllocationTest, WhatWasSaidIsKeptWithoutSecrets) {
  answer(R"({"iotHubHostName":"hub-b.test","payload":{"password":"hunter2"}})");
  registered();
  const auto kept = custom_.journal().list(world_.instance(), "dev-1", 10);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].status, 200);
  EXPECT_EQ(kept[0].verdict, "hub-b.test");
  EXPECT_EQ(kept[0].url, "https://alloc.test/pick?code=***");
  EXPECT_THAT(kept[0].request, Not(HasSubstr("abcd")));
  EXPECT_THAT(kept[0].response, Not(HasSubstr("hunter2")));
  EXPECT_FALSE(kept[0].test);
}

}  // namespace
}  // namespace muster::provisioning
