#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::HubMessage;
using model::MessageAck;
using model::MessageOutcome;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kHub = "hub-a.example.net";
const std::string kDevice = "Pump-1";
constexpr std::size_t kMost = 50;

class StoreMessages : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    put_device();
  }
  void put_device() {
    auto device = make_device(kDevice, model::NoCredential{});
    device.hub = kHub;
    device.generation_id = "g1";
    ASSERT_TRUE(wait_for(store().change_hub_device(kInstance, kHub, kDevice, put(device))));
  }
  static HubDeviceKey key(const std::string& hub = kHub) { return {kInstance, hub, kDevice}; }
  static HubMessage message(const std::string& body, TimePoint expires = kNow + std::chrono::hours(1)) {
    return {.device_id = kDevice,
            .properties = {{"$.mid", "m-" + body}, {"k", ""}, {"flag", std::nullopt}},
            .body = body,
            .ack = MessageAck::kFull,
            .enqueued = kNow,
            .expires = expires};
  }
  Result<void> add(const HubMessage& value, std::size_t most = kMost) {
    return wait_for(store().add_hub_message(kInstance, kHub, value, most));
  }
  HubMessageBatch take(const HubMessageOrder& order) {
    return wait_for(store().take_hub_messages(key(), order)).value();
  }
  HubMessagesEnded end(std::optional<std::uint64_t> number, MessageOutcome outcome) {
    return wait_for(store().end_hub_messages(key(), number, outcome, kNow)).value();
  }
  std::uint64_t count() { return wait_for(store().find_hub_device(kInstance, kHub, kDevice)).value()->messages; }
  /// "Expired m-a" for each record of feedback.
  std::vector<std::string> feedback() {
    std::vector<std::string> out;
    for (const auto& event : wait_for(store().read_hub_events(kInstance, kHub, 0, {})).value()) {
      const boost::json::object shown = to_json(event);
      EXPECT_EQ(shown.at("systemProperties").at("iothub-message-source").as_string(), "deviceMessageFeedback");
      for (const auto& record : shown.at("body").as_array()) {
        EXPECT_EQ(record.at("deviceId").as_string(), kDevice);
        EXPECT_EQ(record.at("deviceGenerationId").as_string(), "g1");
        out.push_back(std::string(record.at("statusCode").as_string()) + " " +
                      std::string(record.at("originalMessageId").as_string()));
      }
    }
    return out;
  }
  static std::vector<std::string> bodies(const HubMessageBatch& batch) {
    std::vector<std::string> out;
    for (const HubMessage& each : batch.messages) out.push_back(each.body);
    return out;
  }
};

TEST_P(StoreMessages, ComeInTheirOrderWithAllThatTheyHave) {
  ASSERT_TRUE(add(message("a")) && add(message("b")) && add(message("c")));
  reopen();
  EXPECT_EQ(count(), 3U);
  HubMessage first = message("a");
  first.number = 1;
  first.generation_id = "g1";
  first.deliveries = 1;
  const auto batch = take({.after = 0, .messages = 2, .now = kNow});
  ASSERT_EQ(batch.messages.size(), 2U);
  EXPECT_EQ(batch.messages.front(), first);
  EXPECT_THAT(bodies(take({.after = 2, .messages = 9, .now = kNow})), ElementsAre("c"));
  EXPECT_THAT(bodies(take({.after = 3, .messages = 9, .now = kNow})), IsEmpty());
  EXPECT_EQ(take({.after = 0, .messages = 1, .now = kNow}).messages.front().deliveries, 2U);
  EXPECT_EQ(count(), 3U) << "what went out may have to go out again";
}

TEST_P(StoreMessages, AreForDevicesThatAreThere) {
  EXPECT_EQ(code_of(wait_for(store().add_hub_message(kInstance, "hub-b.example.net", message("a"), kMost))),
            ErrorCode::kNotFound);
  ASSERT_TRUE(wait_for(store().add_hub_message(kInstance, "HUB-A.example.net", message("a"), kMost)));
  EXPECT_EQ(count(), 1U);
  EXPECT_THAT(wait_for(store().take_hub_messages(key("hub-b.example.net"), {.now = kNow})).value().messages, IsEmpty());
}

TEST_P(StoreMessages, ADeviceHasRoomForSoManyThatHaveNotExpired) {
  ASSERT_TRUE(add(message("old", kNow), 2) && add(message("a"), 2) && add(message("b"), 2));
  EXPECT_EQ(code_of(add(message("c"), 2)), ErrorCode::kLimitExceeded);
  end(2, MessageOutcome::kSuccess);
  EXPECT_TRUE(add(message("c"), 2));
}

TEST_P(StoreMessages, EndOnce) {
  ASSERT_TRUE(add(message("a")) && add(message("b")));
  const auto done = end(1, MessageOutcome::kSuccess);
  EXPECT_EQ(done.count, 1U);
  EXPECT_TRUE(done.fed_back);
  EXPECT_EQ(end(1, MessageOutcome::kSuccess).count, 0U);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(end(std::nullopt, MessageOutcome::kPurged).count, 1U);
  EXPECT_THAT(feedback(), ElementsAre("Success m-a", "Purged m-b"));
  EXPECT_EQ(end(std::nullopt, MessageOutcome::kPurged).count, 0U);
}

TEST_P(StoreMessages, NumbersAreNotGivenTwice) {
  ASSERT_TRUE(add(message("a")));
  end(1, MessageOutcome::kSuccess);
  ASSERT_TRUE(add(message("b")));
  EXPECT_EQ(take({.now = kNow}).messages.front().number, 2U);
}

TEST_P(StoreMessages, DoNotGoOutWhenTheyHaveExpiredOrWentOutTooOften) {
  ASSERT_TRUE(add(message("late", kNow + std::chrono::seconds(1))) && add(message("poison")));
  ASSERT_EQ(take({.messages = 9, .now = kNow, .deliveries = 2}).messages.size(), 2U);
  const TimePoint later = kNow + std::chrono::seconds(1);
  const auto second = take({.messages = 9, .now = later, .deliveries = 2});
  EXPECT_THAT(bodies(second), ElementsAre("poison"));
  EXPECT_TRUE(second.fed_back);
  EXPECT_THAT(bodies(take({.messages = 9, .now = later, .deliveries = 2})), IsEmpty());
  EXPECT_THAT(feedback(), ElementsAre("Expired m-late", "DeliveryCountExceeded m-poison"));
  EXPECT_EQ(count(), 0U);
}

/// Their last delivery is under way.
TEST_P(StoreMessages, ThoseInFlightAreNotGivenUp) {
  ASSERT_TRUE(add(message("a")) && add(message("b")));
  take({.messages = 1, .now = kNow, .deliveries = 1});
  EXPECT_THAT(bodies(take({.after = 1, .messages = 9, .now = kNow, .deliveries = 1})), ElementsAre("b"));
  EXPECT_EQ(count(), 2U);
}

TEST_P(StoreMessages, ExpireWithoutTheirDevice) {
  ASSERT_TRUE(add(message("a", kNow)) && add(message("b")));
  EXPECT_THAT(wait_for(store().expire_hub_messages(kNow)).value(), ElementsAre(key()));
  EXPECT_THAT(wait_for(store().expire_hub_messages(kNow)).value(), IsEmpty());
  EXPECT_THAT(feedback(), ElementsAre("Expired m-a"));
  EXPECT_EQ(count(), 1U);
}

TEST_P(StoreMessages, FeedbackIsForThoseWhoAskForIt) {
  HubMessage quiet = message("quiet");
  quiet.ack = MessageAck::kNone;
  HubMessage happy = message("happy");
  happy.ack = MessageAck::kPositive;
  HubMessage worried = message("worried");
  worried.ack = MessageAck::kNegative;
  for (const auto& each : {quiet, happy, worried}) ASSERT_TRUE(add(each));
  for (const std::uint64_t number : {1, 2, 3}) end(number, MessageOutcome::kSuccess);
  for (const auto& each : {quiet, happy, worried}) ASSERT_TRUE(add(each));
  end(std::nullopt, MessageOutcome::kPurged);
  EXPECT_THAT(feedback(), ElementsAre("Success m-happy", "Purged m-worried"));
}

TEST_P(StoreMessages, GoWithTheirDevice) {
  ASSERT_TRUE(add(message("a")));
  ASSERT_TRUE(wait_for(store().remove_hub_device(kInstance, kHub, kDevice, allow<model::HubDevice>())));
  put_device();
  EXPECT_EQ(count(), 0U);
  EXPECT_THAT(bodies(take({.now = kNow})), IsEmpty());
  ASSERT_TRUE(add(message("b")));
  EXPECT_EQ(take({.now = kNow}).messages.front().number, 1U);
  EXPECT_THAT(feedback(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreMessages, testing::ValuesIn(engines()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace muster::store
