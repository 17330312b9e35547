#include "hub/direct_methods.h"

#include <future>

#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using Outcome = DirectMethods::Outcome;

const HubName kHub{"0ne1", "hub.test"};
const HubName kOther{"0ne1", "other.test"};

class FakeLink final : public DeviceLink {
 public:
  bool send(std::string topic, std::string payload) override {
    sent.push_back(std::move(topic));
    payloads.push_back(std::move(payload));
    return true;
  }
  void end() override {}

  std::vector<std::string> sent;
  std::vector<std::string> payloads;
};

class DirectMethodsTest : public testing::Test {
 protected:
  DirectMethodsTest() { devices_.observe(&*methods_); }

  std::shared_ptr<FakeLink> connect(const std::string& id) {
    auto link = std::make_shared<FakeLink>();
    const auto visit = devices_.enter(kHub, id, link, {}, true);
    devices_.subscribe(kHub, id, visit->number, wire::HubFilter::kMethods);
    return link;
  }
  std::future<Outcome> invoke(MethodCall call) {
    std::promise<Outcome> promise;
    auto future = promise.get_future();
    start(methods_->invoke(kHub, "d", std::move(call)),
          [promise = std::move(promise)](Outcome outcome) mutable { promise.set_value(std::move(outcome)); });
    return future;
  }
  static std::string request_id(const std::string& topic) { return topic.substr(topic.find("$rid=") + 5); }

  ManualClock clock_{from_micros(1'800'000'000'000'000)};
  Timers timers_;
  LiveDevices devices_{clock_};
  AllHubCounters counters_;
  std::optional<DirectMethods> methods_{std::in_place, devices_, timers_, counters_};
};

TEST_F(DirectMethodsTest, ACallIsAnsweredByItsDevice) {
  const auto link = connect("d");
  auto outcome = invoke({.name = "reboot", .payload = "{\"a\":1}"});
  ASSERT_EQ(link->sent.size(), 1U);
  EXPECT_TRUE(link->sent[0].starts_with("$iothub/methods/POST/reboot/?$rid="));
  EXPECT_EQ(link->payloads[0], "{\"a\":1}");
  const std::string id = request_id(link->sent[0]);
  EXPECT_FALSE(methods_->answered(kHub, "another", id, {500, ""}));
  EXPECT_FALSE(methods_->answered(kOther, "d", id, {500, ""}));
  EXPECT_FALSE(methods_->answered(kHub, "d", "999", {500, ""}));
  EXPECT_TRUE(methods_->answered(kHub, "d", id, {202, "true"}));
  const Outcome answer = outcome.get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->payload, "true");
  EXPECT_FALSE(methods_->answered(kHub, "d", id, {200, ""})) << "twice";
}

TEST_F(DirectMethodsTest, ADeviceThatIsAwayIsToldAtOnce) {
  EXPECT_EQ(invoke({.name = "m"}).get().error(), MethodFault::kOffline);
  EXPECT_EQ(counters_.of(kHub.host).methods.of(MethodResult::kOffline), 1U);
}

TEST_F(DirectMethodsTest, ADeviceThatDoesNotAnswerIsNotWaitedForLonger) {
  connect("d");
  EXPECT_EQ(invoke({.name = "m", .response_timeout = std::chrono::milliseconds(5)}).get().error(),
            MethodFault::kTimeout);
  EXPECT_EQ(counters_.of(kHub.host).methods.of(MethodResult::kTimeout), 1U);
}

TEST_F(DirectMethodsTest, ADeviceIsWaitedForAndTold) {
  auto outcome = invoke({.name = "m", .connect_timeout = std::chrono::minutes(10)});
  const auto link = connect("d");
  ASSERT_EQ(link->sent.size(), 1U);
  EXPECT_TRUE(methods_->answered(kHub, "d", request_id(link->sent[0]), {200, ""}));
  EXPECT_EQ(outcome.get()->status, 200);
}

TEST_F(DirectMethodsTest, ADeviceThatDoesNotComeIsOffline) {
  EXPECT_EQ(invoke({.name = "m", .connect_timeout = std::chrono::milliseconds(5)}).get().error(),
            MethodFault::kOffline);
}

TEST_F(DirectMethodsTest, ACallIsToldOnceOnly) {
  const auto first = connect("d");
  auto outcome = invoke({.name = "m"});
  const auto second = connect("d");
  EXPECT_TRUE(second->sent.empty()) << "it came to the former connection";
  EXPECT_TRUE(methods_->answered(kHub, "d", request_id(first->sent[0]), {200, ""}));
  outcome.get();
}

TEST_F(DirectMethodsTest, NobodyIsLeftWaiting) {
  connect("d");
  auto outcome = invoke({.name = "m", .response_timeout = std::chrono::minutes(10)});
  devices_.observe(nullptr);
  methods_.reset();
  EXPECT_EQ(outcome.get().error(), MethodFault::kTimeout);
}

}  // namespace
}  // namespace muster::hub
