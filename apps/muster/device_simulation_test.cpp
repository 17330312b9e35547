#include "muster/device_simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/fake_channel.h"
#include "muster/fake_mqtt.h"

namespace muster::cli {
namespace {

using testing::ElementsAre;
using wire::mqtt::Ack;
using wire::mqtt::Connack;
using wire::mqtt::Connect;
using wire::mqtt::ConnectReturn;
using wire::mqtt::encode;
using wire::mqtt::Packet;
using wire::mqtt::PacketType;
using wire::mqtt::Publish;
using wire::mqtt::Qos;
using wire::mqtt::Suback;
using wire::mqtt::Subscribe;

/// A hub that lets everybody in, acknowledges everything and keeps what it got. Silence lets time pass.
class DeviceSimulationTest : public ::testing::Test {
 protected:
  DeviceSimulationTest() {
    end_.reply = [this](ByteView octets) { return answer(decode_one(octets)); };
    end_.silence = [this](std::chrono::milliseconds wait) {
      clock_.advance(wait);
      return Result<void>();
    };
  }

  Bytes answer(const Packet& packet) {
    if (const auto* connect = std::get_if<Connect>(&packet)) {
      connect_ = *connect;
      return encode(Connack{.code = connect_return_});
    }
    if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
      Bytes out = encode(Suback{subscribe->packet_id, granted_});
      out.insert(out.end(), at_once_.begin(), at_once_.end());
      return out;
    }
    if (const auto* signal = std::get_if<wire::mqtt::Signal>(&packet)) {
      pings_ += signal->type == PacketType::kPingreq ? 1 : 0;
      return signal->type == PacketType::kPingreq ? encode(wire::mqtt::Signal{PacketType::kPingresp}) : Bytes();
    }
    const auto* publish = std::get_if<Publish>(&packet);
    if (publish == nullptr) return {};
    published_.push_back(*publish);
    return encode(Ack{PacketType::kPuback, publish->packet_id});
  }

  /// Comes to the device as soon as it listens.
  void say(const Packet& packet) {
    const Bytes octets = encode(packet);
    at_once_.insert(at_once_.end(), octets.begin(), octets.end());
  }

  Result<bool> run(const SimulationPlan& plan) {
    auto session = HubSession::open(end_.channel(), {"hub.example.net", "pump-1", "token"});
    if (!session) return std::unexpected(session.error());
    return DeviceSimulation(
               **session, plan, clock_,
               [this](const boost::json::object& event) { events_.push_back(boost::json::serialize(event)); })
        .run();
  }

  ManualClock clock_{from_micros(1'800'000'000'000'000)};
  FakeEnd end_;
  Connect connect_;
  ConnectReturn connect_return_ = ConnectReturn::kAccepted;
  std::vector<std::uint8_t> granted_{1, 1, 1};
  Bytes at_once_;
  int pings_ = 0;
  std::vector<Publish> published_;
  std::vector<std::string> events_;
};

TEST_F(DeviceSimulationTest, NamesItselfAsTheHubWants) {
  ASSERT_EQ(run({.messages = 1}).value(), true);
  EXPECT_EQ(connect_.client_id, "pump-1");
  EXPECT_THAT(*connect_.user_name, testing::StartsWith("hub.example.net/pump-1/?api-version=2021-04-12&"));
  EXPECT_EQ(connect_.password, "token");
}

TEST_F(DeviceSimulationTest, SendsItsMessagesInTheirIntervalsAndEnds) {
  const TimePoint begun = clock_.now();
  ASSERT_EQ(run({.data = R"({"a":1})", .messages = 3, .interval = std::chrono::seconds(5)}).value(), true);
  ASSERT_EQ(published_.size(), 3U);
  EXPECT_EQ(published_[0].topic, "devices/pump-1/messages/events/");
  EXPECT_EQ(published_[0].payload, R"({"a":1})");
  EXPECT_EQ(clock_.now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(events_.back(), R"({"event":"telemetry","number":3,"body":{"a":1}})");
}

TEST_F(DeviceSimulationTest, AnswersMethodsUntilItHasAnsweredEnough) {
  say(Publish{.topic = wire::method_topic("reboot", "r1"), .payload = R"({"now":true})"});
  ASSERT_EQ(run({.method_status = 202, .method_payload = R"("soon")", .methods = 1}).value(), true);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_EQ(published_[0].topic, wire::method_answer_topic(202, "r1"));
  EXPECT_EQ(published_[0].payload, R"("soon")");
  EXPECT_THAT(events_, ElementsAre(R"({"event":"method","method":"reboot","payload":{"now":true},"status":202})"));
}

TEST_F(DeviceSimulationTest, TellsOfDesiredPropertiesAndMessages) {
  say(Publish{.topic = wire::desired_topic(4), .payload = R"({"rpm":9,"$version":4})"});
  say(Publish{.topic = "devices/pump-1/messages/devicebound/%24.mid=m1&k",
              .payload = "hello",
              .qos = Qos::kAtLeastOnce,
              .packet_id = 3});
  EXPECT_EQ(run({.duration = std::chrono::seconds(1)}).value(), false);
  EXPECT_THAT(events_, ElementsAre(R"({"event":"desired","version":4,"patch":{"rpm":9,"$version":4}})",
                                   R"({"event":"message","body":"hello","properties":{"$.mid":"m1","k":null}})"));
}

TEST_F(DeviceSimulationTest, StaysAliveAndEndsWhenTheTimeIsOver) {
  EXPECT_EQ(run({.methods = 1, .duration = std::chrono::minutes(10)}).value(), false);
  EXPECT_EQ(pings_, 10);
}

TEST_F(DeviceSimulationTest, RefusalsAndLossesAreErrors) {
  connect_return_ = ConnectReturn::kNotAuthorized;
  EXPECT_EQ(run({.messages = 1}).error().code, ErrorCode::kUnauthorized);
  connect_return_ = ConnectReturn::kAccepted;
  granted_ = {1, 0x80, 1};
  EXPECT_EQ(run({.messages = 1}).error().code, ErrorCode::kUnauthorized);
  granted_ = {1, 1, 1};
  end_.silence = [](auto) { return fail(ErrorCode::kUnavailable, "The connection is lost."); };
  EXPECT_EQ(run({.methods = 1}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace muster::cli
