#include "hub/sink_webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "hub/sink_bridge.h"

namespace muster::hub {
namespace {

using model::HubEvent;
using outbound::HttpRequest;
using outbound::HttpResponse;
using testing::HasSubstr;
using testing::Not;
using Verdict = Delivery::Verdict;

class Client final : public outbound::HttpClient {
 public:
  Task<Result<HttpResponse>> send(HttpRequest request) override {
    requests.push_back(std::move(request));
    co_return answer;
  }
  Result<HttpResponse> answer = HttpResponse{.status = 204};
  std::vector<HttpRequest> requests;
};

HubEvent event(std::uint64_t sequence, std::string body) {
  return {.sequence = sequence, .device_id = "d", .body = std::move(body), .enqueued = from_micros(7'000'000)};
}

class SinkWebhookTest : public testing::Test {
 protected:
  Delivery deliver(std::vector<HubEvent> events) { return wait_for(webhook_.deliver(hub_, events)); }
  Verdict verdict_of(int status) {
    client_.answer = HttpResponse{.status = status};
    return deliver({event(1, "1")}).verdict;
  }
  std::string header(std::string_view name) {
    for (const auto& [key, value] : client_.requests.back().headers) {
      if (key == name) return value;
    }
    return "";
  }

  HubName hub_{"i", "hub-a.test"};
  SecretBytes secret_{as_bytes("0123456789abcdef0123456789abcdef")};
  ManualClock clock_{TimePoint(std::chrono::seconds(1'700'000'000))};
  Client client_;
  static SinkSettings settings() {
    SinkSettings out;
    out.name = "line";
    out.url = "https://plant.test/events";
    out.timeout = std::chrono::seconds(9);
    return out;
  }
  SinkWebhook webhook_{settings(), secret_, client_, clock_};
};

TEST_F(SinkWebhookTest, ABatchIsOnePostOfWhatReadersSee) {
  EXPECT_EQ(deliver({event(3, "1"), event(4, "two")}).verdict, Verdict::kDone);
  const HttpRequest& request = client_.requests.back();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://plant.test/events");
  EXPECT_EQ(request.timeout, std::chrono::seconds(9));
  EXPECT_THAT(request.body, testing::StartsWith(R"([{"seq":3,"body":1,)"));
  EXPECT_THAT(request.body, HasSubstr(R"(},{"seq":4,"body":"two",)"));
  EXPECT_THAT(request.body, testing::EndsWith("}]"));
  EXPECT_EQ(header("Content-Type"), "application/json");
  EXPECT_EQ(header("muster-hub"), "hub-a.test");
}

TEST_F(SinkWebhookTest, ABatchIsSignedTogetherWithItsIdAndTime) {
  deliver({event(3, "1"), event(4, "2")});
  EXPECT_EQ(header("webhook-id"), "line_3_4_7000000");
  EXPECT_EQ(header("webhook-timestamp"), "1700000000");
  EXPECT_EQ(header("webhook-signature"),
            webhook_signature(secret_, "line_3_4_7000000", "1700000000", client_.requests.back().body));
  const std::string first = header("webhook-signature");
  clock_.advance(std::chrono::seconds(5));
  deliver({event(3, "1"), event(4, "2")});
  EXPECT_EQ(header("webhook-id"), "line_3_4_7000000") << "the same events have the same id when they come again";
  EXPECT_NE(header("webhook-signature"), first);
}

/// The vector that the libraries of standardwebhooks.com test themselves with.
TEST(WebhookSignature, IsThatOfStandardWebhooks) {
  const SecretBytes secret(*from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  EXPECT_EQ(webhook_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_F(SinkWebhookTest, TheAnswerSaysWhetherItHelpsToComeAgain) {
  for (const int status : {200, 202, 204}) EXPECT_EQ(verdict_of(status), Verdict::kDone) << status;
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_EQ(verdict_of(status), Verdict::kLater) << status;
  for (const int status : {301, 307, 400, 401, 404, 410, 422})
    EXPECT_EQ(verdict_of(status), Verdict::kRefused) << status;
  EXPECT_EQ(verdict_of(413), Verdict::kTooLarge);
}

TEST_F(SinkWebhookTest, WithoutAnAnswerItComesAgain) {
  client_.answer = fail(ErrorCode::kUnavailable, "plant.test does not answer.");
  const auto outcome = deliver({event(1, "1")});
  EXPECT_EQ(outcome.verdict, Verdict::kLater);
  EXPECT_EQ(outcome.reason, "plant.test does not answer.");
}

TEST_F(SinkWebhookTest, RetryAfterIsHandedOn) {
  client_.answer = HttpResponse{.status = 503, .headers = {{"Retry-After", "120"}}};
  EXPECT_EQ(deliver({event(1, "1")}).pause, std::chrono::seconds(120));
  client_.answer = HttpResponse{.status = 503, .headers = {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}};
  EXPECT_EQ(deliver({event(1, "1")}).pause, std::nullopt);
}

TEST(WebhookSecret, IsReadWithAndWithoutItsPrefix) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "secret";
  const auto read = [&](std::string_view text) {
    EXPECT_TRUE(write_file(file, text, FileAccess::kOwner));
    return read_webhook_secret(file);
  };
  const std::string good = to_base64(as_bytes("0123456789abcdef0123456789abcdef"));
  EXPECT_EQ(read(good)->size(), 32U);
  EXPECT_EQ(read("whsec_" + good + "\n")->size(), 32U);
  for (const std::string& bad : {std::string("no base64!"), std::string("MDEyMzQ1Njc4OWFiY2RlZg=="), std::string()}) {
    const auto refused = read(bad);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("24 to 64 octets"));
    if (!bad.empty()) EXPECT_THAT(refused.error().message, Not(HasSubstr(bad)));
  }
  EXPECT_FALSE(read_webhook_secret(folder.path() / "none"));
}

TEST(BridgeTopic, NamesHubDeviceAndKind) {
  const HubName hub{"i", "hub-a.test"};
  HubEvent value = event(1, "");
  EXPECT_EQ(bridge_topic("hub", hub, value), "hub/hub-a.test/devices/d/events");
  value.device_id = "a+b#c%d";
  EXPECT_EQ(bridge_topic("plant/7", hub, value), "plant/7/hub-a.test/devices/a%2Bb%23c%25d/events");
  value.source = model::kTwinChangeSource;
  EXPECT_EQ(bridge_topic("hub", hub, value), "hub/hub-a.test/devices/a%2Bb%23c%25d/twinChangeEvents");
}

}  // namespace
}  // namespace muster::hub
