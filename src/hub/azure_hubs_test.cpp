// A hub elsewhere that misbehaves (hub-api.md 1.8, 5.4).

#include "hub/azure_hubs.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/thread_executor.h"
#include "hub/test_azure_hub.h"

namespace muster::hub {
namespace {

using provisioning::HubDeviceSpec;
using provisioning::HubLink;
using provisioning::PutOutcome;
using provisioning::testing::kKeyB;
using provisioning::testing::World;
using testing::Fault;

const model::ThumbprintCredential kCertificate{std::string(64, 'A'), std::string(64, 'A')};

class AzureHubsTest : public ::testing::Test {
 protected:
  AzureHubsTest() { configure_log(LogLevel::kError, LogFormat::kText); }

  static AzureLinkSettings settings() {
    return {.calls_per_minute = 1'000'000,
            .burst = 1000,
            .concurrent = 2,
            .tries = 3,
            .first_delay = std::chrono::milliseconds(1),
            .breaker = {.failures = 4}};
  }
  Result<PutOutcome> put(HubDeviceSpec spec = {.device_id = "dev-1", .credential = kCertificate}) {
    return wait_for(hubs_.put_identity(world_.instance(), hub_, std::move(spec)));
  }
  Result<void> write_twin() {
    return wait_for(hubs_.write_twin(world_.instance(), hub_, "dev-1", {{{"n", 1}}, {}}, HubLink::TwinWrite::kMerge));
  }
  ErrorCode fault_of(const Result<PutOutcome>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::kInternal : result.error().code;
  }
  void spoil(const Fault& fault, int times = 1) {
    for (int i = 0; i < times; ++i) elsewhere_.faults.push_back(fault);
  }
  LinkState state() { return hubs_.status(world_.instance(), hub_).state; }

  World world_;
  model::LinkedHub hub_ = testing::azure_link_of();
  testing::AzureHub elsewhere_{world_, testing::azure_link_of()};
  AzureHubs hubs_{{elsewhere_, world_.clock, world_.random}, settings()};
};

TEST_F(AzureHubsTest, AsksAsClientsOfHubsDo) {  // hub-api.md 1.1, 1.2
  ASSERT_TRUE(put());
  const auto& call = elsewhere_.calls.at(0);
  EXPECT_EQ(call.method, "PUT");
  EXPECT_EQ(call.url, "https://azure.test/devices/dev-1?api-version=2021-04-12");
  const auto body = model::parse_json_object(call.body).value();
  EXPECT_EQ(body.at("deviceId"), "dev-1");
  EXPECT_EQ(body.at("authentication").at("type"), "selfSigned");
  EXPECT_EQ(body.at("status"), "enabled");
}

TEST_F(AzureHubsTest, WhatIsAsItShouldBeIsNotWrittenAgain) {
  put();
  EXPECT_EQ(put({.device_id = "dev-1", .credential = kCertificate, .expected_there = true}), PutOutcome::kFound);
  EXPECT_EQ(elsewhere_.count("PUT"), 1U);
  EXPECT_EQ(elsewhere_.count("GET"), 1U);
}

TEST_F(AzureHubsTest, AThrottledCallIsRepeatedWhenTheHubSays) {
  spoil({.status = 429, .headers = {{"Retry-After", "0"}}}, 2);
  EXPECT_EQ(put(), PutOutcome::kCreated) << "a throttled call was not carried out";
  EXPECT_EQ(elsewhere_.count("PUT"), 3U);
}

TEST_F(AzureHubsTest, AHubThatWantsALongPauseGetsIt) {
  spoil({.status = 429, .headers = {{"Retry-After", "120"}}});
  EXPECT_EQ(fault_of(put()), ErrorCode::kUnavailable);
  EXPECT_EQ(elsewhere_.calls.size(), 1U);
  EXPECT_EQ(state(), LinkState::kThrottled);
  EXPECT_GE(hubs_.expected_wait(world_.instance(), hub_), std::chrono::seconds(25));
}

TEST_F(AzureHubsTest, FaultsOfTheHubAreTriedAgain) {
  spoil({.status = 503}, 2);
  EXPECT_TRUE(put());
  EXPECT_EQ(state(), LinkState::kUp);
  spoil({.status = 500}, 3);
  EXPECT_EQ(fault_of(put({.device_id = "dev-2", .credential = kCertificate})), ErrorCode::kUnavailable);
}

TEST_F(AzureHubsTest, AnAnswerThatWasLostLeavesItUnclearWhoMadeTheDevice) {
  spoil({.method = "PUT", .status = 0, .carried_out = true});
  EXPECT_EQ(put(), PutOutcome::kUnclear);
  spoil({.method = "PUT", .status = 0});
  EXPECT_EQ(put({.device_id = "dev-2", .credential = kCertificate}), PutOutcome::kCreated);
}

TEST_F(AzureHubsTest, AWrongKeyBreaksTheLinkUntilItIsReplaced) {  // R-090, R-091
  hub_ = testing::azure_link_of(kKeyB);
  EXPECT_EQ(fault_of(put()), ErrorCode::kUnauthorized);
  EXPECT_EQ(elsewhere_.calls.size(), 1U) << "nothing gets better by asking again";
  EXPECT_EQ(state(), LinkState::kUnauthorized);
  EXPECT_FALSE(hubs_.answers(world_.instance(), hub_));
  hub_ = testing::azure_link_of();
  EXPECT_EQ(state(), LinkState::kUnknown);
  EXPECT_TRUE(put());
  EXPECT_EQ(state(), LinkState::kUp);
}

TEST_F(AzureHubsTest, EtagsThatNeverFitAreGivenUp) {
  put();
  elsewhere_.lying_etag = "bGll";
  EXPECT_EQ(fault_of(put({.device_id = "dev-1", .credential = model::NoCredential{}})), ErrorCode::kUnavailable);
  EXPECT_LE(elsewhere_.calls.size(), 12U);
}

TEST_F(AzureHubsTest, ADeviceThatTheHubDoesNotKnowYetIsWaitedFor) {
  put();
  spoil({.method = "PATCH", .status = 404}, 2);
  EXPECT_TRUE(write_twin());
  spoil({.method = "PATCH", .status = 404}, 4);
  const auto given_up = write_twin();
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code, ErrorCode::kUnavailable);
}

TEST_F(AzureHubsTest, NonsenseIsNoAnswer) {
  put();
  for (const char* body : {"", "<html>login</html>", "[]", R"({"deviceId":"other"})"}) {
    spoil({.method = "GET", .status = 200, .body = body});
    const auto read = wait_for(hubs_.read_device(world_.instance(), hub_, "dev-1"));
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, ErrorCode::kUnavailable) << body;
  }
  spoil({.status = 302, .headers = {{"Location", "https://elsewhere.test"}}}, 3);
  EXPECT_EQ(fault_of(put()), ErrorCode::kUnavailable);
}

struct Refusal {
  int status;
  const char* code;
  ErrorCode kind;
};

TEST_F(AzureHubsTest, RefusalsAreToldApart) {  // hub-api.md 1.8
  for (const auto& [status, code, kind] : {Refusal{403, "IotHubUnauthorized", ErrorCode::kUnauthorized},
                                           Refusal{403, "TooManyDevices", ErrorCode::kLimitExceeded},
                                           Refusal{413, "TooManyDevices", ErrorCode::kLimitExceeded},
                                           Refusal{403, "OperationNotAvailableInCurrentTier", ErrorCode::kUnsupported},
                                           Refusal{400, "ArgumentInvalid", ErrorCode::kInvalidArgument},
                                           Refusal{413, "MessageTooLarge", ErrorCode::kTooLarge}}) {
    spoil({.status = status, .headers = {{"iothub-errorcode", code}}});
    const auto refused = put();
    EXPECT_EQ(fault_of(refused), kind) << code;
    if (!refused) EXPECT_EQ(refused.error().detail, code);
  }
}

TEST_F(AzureHubsTest, TheCodeOfARefusalMayStandInItsBody) {  // hub-api.md 1.8
  spoil({.status = 403, .body = R"({"Message":"ErrorCode:TooManyDevices;E: full","ExceptionMessage":""})"});
  EXPECT_EQ(fault_of(put()), ErrorCode::kLimitExceeded);
}

TEST_F(AzureHubsTest, AHubWithoutTwinsHasOnlyAnIdentityToTakeAlong) {  // hub-api.md 5.2
  put({.device_id = "dev-1", .credential = kCertificate, .iot_edge = true});
  spoil({.method = "GET", .status = 403, .headers = {{"iothub-errorcode", "OperationNotAvailableInCurrentTier"}}});
  const auto read = wait_for(hubs_.read_device(world_.instance(), hub_, "dev-1"));
  ASSERT_TRUE(read && *read);
  EXPECT_TRUE((*read)->iot_edge);
  EXPECT_TRUE((*read)->twin.desired.values.empty());
}

TEST_F(AzureHubsTest, AHubThatDoesNotAnswerIsLeftAloneForAWhile) {
  spoil({.status = 0}, 100);
  put();
  put();
  const std::size_t calls = elsewhere_.calls.size();
  EXPECT_EQ(calls, 4U) << "the circuit opens at the fourth failure";
  EXPECT_EQ(state(), LinkState::kUnreachable);
  EXPECT_EQ(fault_of(put()), ErrorCode::kUnavailable);
  EXPECT_EQ(elsewhere_.calls.size(), calls);
  EXPECT_FALSE(hubs_.answers(world_.instance(), hub_));
  world_.clock.advance(std::chrono::seconds(6));
  elsewhere_.faults.clear();
  EXPECT_TRUE(put());
  EXPECT_EQ(state(), LinkState::kUp);
}

/// Calls that are under way at the same time, on a thread of their own.
class AzureHubsAtOnce : public AzureHubsTest {
 protected:
  AzureHubsAtOnce() { elsewhere_.hold = true; }

  /// Runs on that thread; what it has is looked at there only.
  void there(std::move_only_function<void()> work) {
    std::promise<void> done;
    thread_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  void begin(int count) {
    there([&] {
      for (int i = 0; i < count; ++i) {
        ++open_;
        start(hubs_.put_identity(world_.instance(), hub_, {.device_id = std::to_string(i), .credential = kCertificate}),
              [this](const Result<PutOutcome>& result) {
                ends_.push_back(result ? "ok" : std::string(to_string(result.error().code)));
                if (--open_ == 0) all_ended_.set_value();
              });
      }
    });
  }
  void let_go_and_wait() {
    there([&] { elsewhere_.release(); });
    all_ended_.get_future().get();
  }

  int open_ = 0;
  std::vector<std::string> ends_;
  std::promise<void> all_ended_;
  ThreadExecutor thread_;
};

TEST_F(AzureHubsAtOnce, ASlowHubHoldsNobodyElse) {  // hub-api.md 5.4
  begin(5);
  there([&] { EXPECT_EQ(elsewhere_.calls.size(), 2U) << "two at a time"; });
  EXPECT_EQ(hubs_.status(world_.instance(), hub_).waiting, 3U);
  EXPECT_EQ(hubs_.status(world_.instance(), hub_).running, 2U);
  model::LinkedHub other = hub_;
  other.host_name = "other.test";
  there([&] {
    ++open_;
    start(hubs_.delete_device(world_.instance(), other, "dev-1"), [this](const Result<void>&) {
      if (--open_ == 0) all_ended_.set_value();
    });
  });
  there([&] { EXPECT_EQ(elsewhere_.calls.size(), 3U) << "another hub is asked all the same"; });
  let_go_and_wait();
  EXPECT_THAT(ends_, ::testing::ElementsAre("ok", "ok", "ok", "ok", "ok"));
}

TEST_F(AzureHubsAtOnce, StoppingEndsWhatWaits) {
  begin(4);
  hubs_.stop();
  let_go_and_wait();
  EXPECT_THAT(ends_, ::testing::UnorderedElementsAre("unavailable", "unavailable", "ok", "ok"));
  EXPECT_EQ(fault_of(put()), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace muster::hub
