// Registrations whose hub has to be asked: what devices are told meanwhile, how long hubs are waited for, and what is
// removed from where.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "provisioning/registrar.h"
#include "provisioning/test_hubs.h"
#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using model::EnrollmentKind;
using model::RegistrationStatus;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::key_of;
using testing::kKeyA;
using testing::MapHubs;
using testing::symmetric_body;
using testing::World;

class RegistrarHubs : public ::testing::Test {
 protected:
  RegistrarHubs() {
    configure_log(LogLevel::kError, LogFormat::kText);
    link({"a.test", "b.test"});
    go_to("a.test");
  }
  ~RegistrarHubs() override { registrar_.wait_until_idle(); }

  void link(const std::vector<std::string>& names) {
    std::vector<model::LinkedHub> hubs;
    for (const std::string& name : names) {
      model::LinkedHub hub;
      hub.host_name = name;
      hub.kind = model::HubKind::kAzure;
      hubs.push_back(std::move(hub));
    }
    world_.set_hubs(std::move(hubs));
  }
  void go_to(const std::string& hub) {
    world_.enroll(EnrollmentKind::kIndividual, "dev-1",
                  symmetric_body(R"(,"allocationPolicy":"static","iotHubs":[")" + hub + "\"]"));
  }
  RegisterAnswer register_device() {
    auto answer = world_.must(registrar_.register_device(world_.signed_request("dev-1", key_of(kKeyA))));
    return answer;
  }
  /// Registers and waits for what comes of it.
  model::Registration registered() {
    const std::string operation = register_device().operation->id;
    registrar_.wait_until_idle();
    return world_.must(world_.store().find_operation(world_.instance(), operation))->registration.value();
  }
  StatusAnswer poll(const std::string& operation) {
    return world_.must(registrar_.operation_status(world_.signed_request("dev-1", key_of(kKeyA)), operation));
  }
  void tend() {
    registrar_.tend();
    registrar_.wait_until_idle();
  }
  model::Registration record() { return *world_.must(world_.store().find_registration(world_.instance(), "dev-1")); }
  /// Until told otherwise this step fails.
  void fail_at(const std::string& step, ErrorCode code = ErrorCode::kUnavailable) {
    hubs_.before = [step, code](const std::string& begun) -> std::optional<Error> {
      return begun == step ? std::optional(Error{code, "busy"}) : std::nullopt;
    };
  }
  std::size_t noted(const std::string& hub) {
    return world_.must(world_.store().count_hub_leftovers(world_.instance(), hub));
  }

  World world_;
  MapHubs hubs_;
  AttemptJournal attempts_{world_.store(), world_.clock, {}};
  Registrar registrar_{{world_.store(), hubs_, world_.clock, world_.random, attempts_}, AttestationSettings{}};
};

TEST_F(RegistrarHubs, AHubThatFailsIsAskedAgainWithoutTheDevice) {  // hub-api.md 5.4
  fail_at("put a.test");
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigning);
  tend();
  EXPECT_EQ(record().status, RegistrationStatus::kAssigning);
  hubs_.before = nullptr;
  tend();
  EXPECT_EQ(record().status, RegistrationStatus::kAssigned);
}

TEST_F(RegistrarHubs, AHubThatGoesOnFailingFailsTheRegistration) {  // hub-api.md 5.4, R-214
  fail_at("put a.test");
  registered();
  world_.clock.advance(seconds(299));
  tend();
  EXPECT_EQ(record().status, RegistrationStatus::kAssigning);
  world_.clock.advance(seconds(1));
  tend();
  EXPECT_EQ(record().status, RegistrationStatus::kFailed);
  EXPECT_EQ(record().error_code, 400209);
  attempts_.wait_until_written();
  const auto page = world_.must(world_.store().list_attempts(world_.instance(), {}, "", 1));
  EXPECT_EQ(page.items.at(0).findings.at(0).cause, "hub-unreachable");
  hubs_.before = nullptr;
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigned);
}

TEST_F(RegistrarHubs, DevicesComeAgainWhenTheirHubHasTimeForThem) {  // hub-api.md 5.4, design section 6
  fail_at("put a.test");
  for (const auto& [wait, told] : {std::pair(seconds(0), seconds(3)), std::pair(seconds(17), seconds(17)),
                                   std::pair(seconds(1000), seconds(30))}) {
    hubs_.wait = wait;
    const auto answer = register_device();
    registrar_.wait_until_idle();
    EXPECT_EQ(poll(answer.operation->id).retry_after, told);
    registrar_.wait_until_idle();
  }
  hubs_.before = nullptr;
  tend();
  const auto over = register_device();
  registrar_.wait_until_idle();
  EXPECT_EQ(poll(over.operation->id).retry_after, seconds(1)) << "what is over can be had at once";
}

TEST_F(RegistrarHubs, AFailedMoveLeavesTheDeviceWhereItWas) {  // R-119
  registered();
  go_to("b.test");
  fail_at("put b.test", ErrorCode::kUnauthorized);
  const auto failed = registered();
  EXPECT_EQ(failed.status, RegistrationStatus::kFailed);
  EXPECT_EQ(failed.error_code, 400209);
  EXPECT_EQ(failed.assigned_hub, "a.test");
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1"));
}

TEST_F(RegistrarHubs, WhatAFailedMoveHadMadeIsUndone) {  // R-119
  registered();
  hubs_.hubs["a.test"]["dev-1"].twin.tags = {{"site", "ams"}};
  go_to("b.test");
  fail_at("twin b.test", ErrorCode::kTooLarge);
  EXPECT_EQ(registered().status, RegistrationStatus::kFailed);
  EXPECT_TRUE(hubs_.hubs["b.test"].contains("dev-1"));
  tend();
  EXPECT_FALSE(hubs_.hubs["b.test"].contains("dev-1"));
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1"));
  EXPECT_EQ(noted("b.test"), 0U);
}

TEST_F(RegistrarHubs, AnOldHubThatDoesNotAnswerIsToldLater) {  // hub-api.md 5.3
  registered();
  go_to("b.test");
  fail_at("delete a.test");
  EXPECT_EQ(registered().assigned_hub, "b.test");
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1"));
  tend();
  EXPECT_EQ(noted("a.test"), 1U);
  EXPECT_EQ(registrar_.leftovers().counts().at({world_.instance(), "a.test"}), 1U);
  hubs_.before = nullptr;
  tend();
  EXPECT_THAT(hubs_.hubs["a.test"], IsEmpty());
  EXPECT_EQ(noted("a.test"), 0U);
}

TEST_F(RegistrarHubs, ADeviceThatIsBackIsNotTakenAway) {
  registered();
  go_to("b.test");
  fail_at("delete a.test");
  registered();
  go_to("a.test");
  registered();
  hubs_.before = nullptr;
  tend();
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1"));
  EXPECT_THAT(hubs_.hubs["b.test"], IsEmpty());
  EXPECT_EQ(noted("a.test") + noted("b.test"), 0U);
}

TEST_F(RegistrarHubs, ADeviceIsNotTakenFromWhereItIsBeingPut) {
  registered();
  go_to("b.test");
  fail_at("twin b.test");
  hubs_.hubs["a.test"]["dev-1"].twin.tags = {{"site", "ams"}};
  EXPECT_EQ(registered().status, RegistrationStatus::kAssigning);
  tend();
  EXPECT_TRUE(hubs_.hubs["b.test"].contains("dev-1"));
  EXPECT_EQ(noted("b.test"), 1U);
}

TEST_F(RegistrarHubs, WhatWasLeftAtAnUnlinkedHubWaitsForTheLink) {
  registered();
  link({"b.test"});
  go_to("b.test");
  EXPECT_EQ(registered().substatus, model::Substatus::kDeviceDataReset);
  tend();
  EXPECT_TRUE(hubs_.hubs["a.test"].contains("dev-1"));
  link({"a.test", "b.test"});
  tend();
  EXPECT_THAT(hubs_.hubs["a.test"], IsEmpty());
}

}  // namespace
}  // namespace muster::provisioning
