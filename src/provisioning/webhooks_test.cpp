#include "provisioning/webhooks.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_webhook_client.h"

namespace muster::provisioning {
namespace {

using CallOutcome = Webhooks::Reply::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::WebhookClient;

class WebhooksTest : public ::testing::Test {
 protected:
  static WebhookSettings settings() {
    WebhookSettings out;
    out.concurrent = 2;
    out.failures_to_rest = 3;
    return out;
  }
  static Webhooks::Call call(std::string url = "https://alloc.test/pick?code=abcd") {
    return {.instance = "i", .url = std::move(url), .body = "{}", .tracking_id = "t"};
  }
  Webhooks::Reply ask(Webhooks::Call asked = call()) { return wait_for(webhooks_.call(std::move(asked))); }

  ManualClock clock_{TimePoint(seconds(1'700'000'000))};
  WebhookClient client_;
  Webhooks webhooks_{{client_, clock_}, settings()};
};

TEST_F(WebhooksTest, AnAnswerIsAnAnswerWhateverItsStatus) {
  EXPECT_EQ(ask().outcome, CallOutcome::kAnswered);
  client_.answer = [](const auto&) { return WebhookClient::status(500); };
  const auto reply = ask();
  EXPECT_EQ(reply.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(reply.response.status, 500);
  EXPECT_EQ(client_.requests().size(), 2U) << "a status is not asked for again (R-105)";
  const auto request = client_.requests().back();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://alloc.test/pick?code=abcd");
  EXPECT_EQ(request.timeout, seconds(10));
}

TEST_F(WebhooksTest, OnlyAConnectionThatWasNotMadeIsTriedOnceMoreWithinTheSameLimit) {
  client_.answer = [this](const auto&) {
    clock_.advance(seconds(4));
    return WebhookClient::not_connected();
  };
  EXPECT_EQ(ask().outcome, CallOutcome::kUnreachable);
  ASSERT_EQ(client_.requests().size(), 2U);
  EXPECT_EQ(client_.requests()[1].timeout, seconds(6));

  client_.answer = [](const auto&) { return WebhookClient::lost(); };
  EXPECT_EQ(ask().outcome, CallOutcome::kUnreachable);
  EXPECT_EQ(client_.requests().size(), 3U) << "it may have got the request";
}

TEST_F(WebhooksTest, NoTimeLeftIsNoSecondTry) {
  client_.answer = [this](const auto&) {
    clock_.advance(seconds(10));
    return WebhookClient::not_connected();
  };
  EXPECT_EQ(ask().outcome, CallOutcome::kUnreachable);
  EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(WebhooksTest, AWebhookThatKeepsFailingRestsAndIsTriedAgain) {
  client_.answer = [](const auto&) { return WebhookClient::lost(); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask().outcome, CallOutcome::kUnreachable);
  EXPECT_EQ(ask().outcome, CallOutcome::kResting);
  EXPECT_EQ(client_.requests().size(), 3U);
  EXPECT_EQ(ask(call("https://alloc.test/other")).outcome, CallOutcome::kUnreachable) << "each webhook for itself";
  ASSERT_EQ(webhooks_.all().size(), 2U);
  EXPECT_EQ(webhooks_.all()[1].state, WebhookBreaker::State::kOpen);
  EXPECT_EQ(webhooks_.all()[1].name, "https://alloc.test/pick");

  clock_.advance(seconds(5));
  client_.answer = [](const auto&) { return WebhookClient::status(200); };
  EXPECT_EQ(ask().outcome, CallOutcome::kAnswered);
  EXPECT_EQ(webhooks_.all()[1].state, WebhookBreaker::State::kClosed);
}

TEST_F(WebhooksTest, ARefusalOfADeviceIsNoFailureOfTheWebhook) {
  client_.answer = [](const auto&) { return WebhookClient::status(400); };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask().outcome, CallOutcome::kAnswered);
  EXPECT_EQ(webhooks_.all().front().failures, 0);
}

TEST_F(WebhooksTest, AnOperatorAsksAlsoWhatRestsAndEndsTheRest) {
  client_.answer = [](const auto&) { return WebhookClient::status(503); };
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(ask().outcome, CallOutcome::kResting);
  client_.answer = [](const auto&) { return WebhookClient::status(200); };
  auto test = call();
  test.asker = Webhooks::Asker::kOperator;
  EXPECT_EQ(ask(test).outcome, CallOutcome::kAnswered);
  EXPECT_EQ(ask().outcome, CallOutcome::kAnswered);
}

TEST_F(WebhooksTest, ASlowHostHoldsItsOwnCallersOnly) {
  client_.held = true;
  int ended = 0;
  BlockingExecutor executor;
  for (int i = 0; i < 5; ++i) start(webhooks_.call(call()), [&ended](const auto&) { ++ended; });
  EXPECT_EQ(client_.requests().size(), 2U) << "the others wait for their turn";
  start(webhooks_.call(call("https://quick.test/x")), [&ended](const auto&) { ++ended; });
  EXPECT_EQ(client_.requests().size(), 3U);
  client_.held = false;
  client_.release();
  EXPECT_EQ(ended, 6);
  EXPECT_EQ(client_.requests().size(), 6U);
}

TEST_F(WebhooksTest, WhoWaitedBehindFailuresIsNotMadeToWaitForMore) {
  client_.held = true;
  client_.answer = [](const auto&) { return WebhookClient::lost(); };
  std::vector<CallOutcome> outcomes;
  for (int i = 0; i < 6; ++i) {
    start(webhooks_.call(call()), [&outcomes](const auto& reply) { outcomes.push_back(reply.outcome); });
  }
  client_.release();
  client_.release();
  EXPECT_EQ(std::ranges::count(outcomes, CallOutcome::kUnreachable), 4);
  EXPECT_EQ(std::ranges::count(outcomes, CallOutcome::kResting), 2);
}

TEST_F(WebhooksTest, WhatMayNotBeCalledIsNot) {
  EXPECT_EQ(ask(call("http://alloc.test/x")).outcome, CallOutcome::kNotAllowed);
  EXPECT_TRUE(client_.requests().empty());
}

TEST_F(WebhooksTest, ThatTheServiceStopsIsNoFailureOfTheWebhook) {
  client_.answer = [this](const auto&) {
    webhooks_.stop();
    return WebhookClient::not_connected();
  };
  EXPECT_EQ(ask().outcome, CallOutcome::kStopping);
  EXPECT_EQ(ask().outcome, CallOutcome::kStopping);
  EXPECT_EQ(webhooks_.all().front().failures, 0);
}

}  // namespace
}  // namespace muster::provisioning
