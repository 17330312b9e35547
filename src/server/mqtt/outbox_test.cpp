#include "server/mqtt/outbox.h"

#include <gtest/gtest.h>

namespace muster::server::mqtt {
namespace {

using wire::mqtt::Publish;
using wire::mqtt::Qos;

Publish message(const std::string& payload, Qos qos = Qos::kAtLeastOnce) {
  return {.topic = "t", .payload = payload, .qos = qos};
}

class OutboxTest : public ::testing::Test {
 protected:
  std::uint64_t attach() {
    return outbox_.attach([this] { ++wakes_; });
  }
  /// Payloads of everything that may go out now; "!" in front of what is a duplicate.
  std::vector<std::string> sent() {
    std::vector<std::string> out;
    while (const auto next = outbox_.next()) {
      out.push_back((next->duplicate ? "!" : "") + next->payload);
      last_id_ = next->packet_id;
    }
    return out;
  }

  Outbox outbox_{{.in_flight = 2, .waiting = 4, .octets = 20}};
  int wakes_ = 0;
  std::uint16_t last_id_ = 0;
};

using Strings = std::vector<std::string>;

TEST_F(OutboxTest, SendsInOrderAndAsManyAsMayBeInFlight) {
  attach();
  for (const char* payload : {"a", "b", "c"}) EXPECT_TRUE(outbox_.push(message(payload)));
  EXPECT_EQ(wakes_, 3);
  EXPECT_EQ(sent(), (Strings{"a", "b"}));
  EXPECT_TRUE(outbox_.acknowledge(1));
  EXPECT_FALSE(outbox_.acknowledge(1));
  EXPECT_FALSE(outbox_.acknowledge(9));
  EXPECT_EQ(sent(), (Strings{"c"}));
  EXPECT_EQ(last_id_, 3);
}

TEST_F(OutboxTest, SendsAgainWhatTheNextConnectionMissed) {
  const auto first = attach();
  for (const char* payload : {"a", "b", "c"}) outbox_.push(message(payload));
  EXPECT_EQ(sent(), (Strings{"a", "b"}));
  outbox_.acknowledge(2);
  outbox_.detach(first);
  attach();
  EXPECT_EQ(sent(), (Strings{"!a", "c"}));
  EXPECT_TRUE(outbox_.acknowledge(1));
  EXPECT_TRUE(outbox_.acknowledge(3));
  EXPECT_EQ(sent(), Strings{});
}

TEST_F(OutboxTest, ForgetsQos0WhenTheClientIsAway) {
  EXPECT_FALSE(outbox_.push(message("x", Qos::kAtMostOnce)));
  EXPECT_TRUE(outbox_.push(message("a")));
  const auto first = attach();
  EXPECT_TRUE(outbox_.push(message("y", Qos::kAtMostOnce)));
  outbox_.detach(first);
  attach();
  EXPECT_EQ(sent(), (Strings{"a"}));
}

TEST_F(OutboxTest, HasRoomForSoMuchAndNotMore) {
  attach();
  EXPECT_FALSE(outbox_.push(message(std::string(20, 'x'))));
  EXPECT_TRUE(outbox_.push(message(std::string(19, 'x'))));
  EXPECT_FALSE(outbox_.push(message("")));
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_FALSE(outbox_.push(message("")));  // in flight still counts
  outbox_.acknowledge(1);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(outbox_.push(message("")));
  EXPECT_FALSE(outbox_.push(message("")));
}

TEST_F(OutboxTest, TheNextConnectionTakesOver) {
  const auto first = attach();
  const auto second = attach();
  EXPECT_EQ(wakes_, 1);  // the first learns that it is over
  EXPECT_FALSE(outbox_.is_attached(first));
  EXPECT_TRUE(outbox_.is_attached(second));
  outbox_.detach(first);
  EXPECT_TRUE(outbox_.is_attached(second));
  outbox_.close();
  EXPECT_FALSE(outbox_.is_attached(second));
  EXPECT_EQ(wakes_, 2);
}

TEST_F(OutboxTest, KeepsThePacketIdThatAMessageBrings) {
  attach();
  Publish again = message("again");
  again.packet_id = 1;
  again.duplicate = true;
  int acknowledged = 0;
  EXPECT_TRUE(outbox_.push(again, [&] { ++acknowledged; }));
  EXPECT_FALSE(outbox_.push(again)) << "its id is in use before it goes out";
  EXPECT_TRUE(outbox_.push(message("new")));
  EXPECT_EQ(sent(), (Strings{"!again", "new"}));
  EXPECT_EQ(last_id_, 2);
  EXPECT_FALSE(outbox_.push(again)) << "and while it is in flight";
  EXPECT_TRUE(outbox_.acknowledge(1));
  EXPECT_FALSE(outbox_.acknowledge(1));
  EXPECT_EQ(acknowledged, 1);
  EXPECT_TRUE(outbox_.push(again));
}

TEST_F(OutboxTest, Qos2MessagesAreTakenOnce) {
  EXPECT_TRUE(outbox_.receive(7));
  EXPECT_FALSE(outbox_.receive(7));
  outbox_.release(7);
  EXPECT_TRUE(outbox_.receive(7));
}

TEST_F(OutboxTest, PacketIdsStartAgainBehindTheLast) {
  attach();
  outbox_.push(message("old"));
  sent();
  for (int i = 0; i < 65'534; ++i) {
    outbox_.push(message("x"));
    sent();
    outbox_.acknowledge(last_id_);
  }
  EXPECT_EQ(last_id_, 65'535);
  outbox_.push(message("x"));
  sent();
  EXPECT_EQ(last_id_, 2);  // 1 is in flight
}

}  // namespace
}  // namespace muster::server::mqtt
