#include "muster/device_mqtt.h"

#include <gtest/gtest.h>

#include "muster/fake_channel.h"
#include "muster/fake_mqtt.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

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

Bytes join(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

class MqttDeviceTest : public ::testing::Test {
 protected:
  MqttDeviceTest() {
    device_.id_scope = "0ne00111111";
    device_.registration_id = "dev-1";
    device_.key = SecretBytes(Bytes(32, 5));
    end_.reply = [this](ByteView octets) { return answer(decode_one(octets)); };
  }

  /// A service that lets everybody in and answers each request with `topic_` and `body_`.
  Bytes answer(const Packet& packet) {
    packets_.push_back(packet);
    if (std::holds_alternative<Connect>(packet)) return encode(Connack{.code = connect_return_});
    if (const auto* subscribe = std::get_if<Subscribe>(&packet)) return encode(Suback{subscribe->packet_id, {1}});
    const auto* publish = std::get_if<Publish>(&packet);
    if (publish == nullptr) return {};
    const std::string request_id = publish->topic.substr(publish->topic.find("$rid=") + 5);
    const std::string topic =
        "$dps/registrations/res/" + status_ + "/?$rid=" + request_id.substr(0, request_id.find('&')) + retry_after_;
    return join(encode(Ack{PacketType::kPuback, publish->packet_id}),
                encode(Publish{.topic = topic, .payload = "{}", .qos = Qos::kAtLeastOnce, .packet_id = 77}));
  }

  MqttDevice make() {
    return MqttDevice(
        device_,
        [this]() -> Result<std::unique_ptr<OctetChannel>> {
          ++connections_;
          return end_.channel();
        },
        clock_);
  }

  ManualClock clock_{from_micros(1'800'000'000'000'000)};
  DeviceRegistration device_;
  FakeEnd end_;
  std::vector<Packet> packets_;
  int connections_ = 0;
  ConnectReturn connect_return_ = ConnectReturn::kAccepted;
  std::string status_ = "202";
  std::string retry_after_ = "&retry-after=3";
};

TEST_F(MqttDeviceTest, NamesAndProvesItself) {
  ASSERT_TRUE(make().request_registration("{}"));
  const auto& connect = std::get<Connect>(packets_.at(0));
  EXPECT_EQ(connect.client_id, "dev-1");
  EXPECT_TRUE(
      connect.user_name->starts_with("0ne00111111/registrations/dev-1/api-version=2021-06-01&ClientVersion=muster"));
  const auto token = wire::parse_sas_token(connect.password.value_or(""));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->resource, "0ne00111111/registrations/dev-1");
  EXPECT_TRUE(wire::signed_by(*token, SecretBytes(Bytes(32, 5))));
  EXPECT_EQ(std::get<Subscribe>(packets_.at(1)).subscriptions.front().filter, "$dps/registrations/res/#");

  device_.key = {};
  packets_.clear();
  ASSERT_TRUE(make().request_registration("{}"));
  EXPECT_FALSE(std::get<Connect>(packets_.at(0)).password);
}

TEST_F(MqttDeviceTest, AsksOnOneConnectionAndSaysGoodbye) {
  {
    MqttDevice transport = make();
    const auto accepted = transport.request_registration(R"({"registrationId":"dev-1"})");
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->status, 202);
    EXPECT_EQ(accepted->retry_after, std::chrono::seconds(3));
    EXPECT_EQ(accepted->body, "{}");
    status_ = "200";
    retry_after_ = "";
    const auto final = transport.ask_status("5.1");
    ASSERT_TRUE(final);
    EXPECT_EQ(final->status, 200);
    EXPECT_EQ(final->retry_after, std::nullopt);
  }
  ASSERT_EQ(packets_.size(), 7U);
  const auto& first = std::get<Publish>(packets_[2]);
  EXPECT_EQ(first.topic, "$dps/registrations/PUT/iotdps-register/?$rid=1");
  EXPECT_EQ(first.payload, R"({"registrationId":"dev-1"})");
  EXPECT_EQ(packets_[3], Packet(Ack{PacketType::kPuback, 77}));
  EXPECT_EQ(std::get<Publish>(packets_[4]).topic,
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=5.1");
  EXPECT_EQ(packets_[6], Packet(wire::mqtt::Signal{PacketType::kDisconnect}));
  EXPECT_EQ(connections_, 1);
}

TEST_F(MqttDeviceTest, PutsPacketsTogetherHoweverTheyAreCut) {
  end_.piece = 1;
  EXPECT_EQ(make().request_registration("{}")->status, 202);
}

TEST_F(MqttDeviceTest, ARefusalOfTheServiceIsAnAnswer) {
  status_ = "401";
  retry_after_ = "";
  EXPECT_EQ(make().request_registration("{}")->status, 401);
}

TEST_F(MqttDeviceTest, SaysWhyItIsNotLetIn) {
  connect_return_ = ConnectReturn::kBadUserNameOrPassword;
  const auto refused = make().request_registration("{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(refused.error().message, "The service refused the MQTT connection: bad user name or password (4).");
  connect_return_ = ConnectReturn::kServerUnavailable;
  EXPECT_EQ(make().request_registration("{}").error().code, ErrorCode::kUnavailable);
}

TEST_F(MqttDeviceTest, ConnectsAnewAfterALoss) {
  MqttDevice transport = make();
  end_.reply = [](ByteView) { return Bytes(); };
  EXPECT_EQ(transport.request_registration("{}").error().code, ErrorCode::kUnavailable);
  end_.reply = [this](ByteView octets) { return answer(decode_one(octets)); };
  EXPECT_TRUE(transport.ask_status("5.1"));
  EXPECT_EQ(connections_, 2);
}

TEST_F(MqttDeviceTest, WhatNoServiceSendsIsAnError) {
  for (const Bytes& octets :
       {Bytes{0xF0, 0}, Bytes{0x20, 3, 0, 0, 0}, encode(Suback{1, {1}}), Bytes{0x30, 0xff, 0xff, 0xff, 0x7f}}) {
    end_.said.clear();
    end_.reply = [&](ByteView) { return octets; };
    EXPECT_EQ(make().request_registration("{}").error().code, ErrorCode::kInternal) << hex_lower(octets);
  }
}

}  // namespace
}  // namespace muster::cli
