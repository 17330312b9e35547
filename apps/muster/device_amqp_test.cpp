#include "muster/device_amqp.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/fake_channel.h"
#include "wire/amqp/encode.h"
#include "wire/amqp/message.h"
#include "wire/amqp/value.h"

namespace muster::cli {
namespace {

using namespace wire::amqp;  // NOLINT(google-build-using-namespace): what the fake service is made of

Bytes framed(std::uint8_t type, std::uint8_t performative, std::initializer_list<Bytes> fields, ByteView payload = {}) {
  Bytes body = described_value(performative, list_value(fields));
  body.insert(body.end(), payload.begin(), payload.end());
  Bytes out{
      0, 0, static_cast<std::uint8_t>((body.size() + 8) >> 8U), static_cast<std::uint8_t>(body.size() + 8), 2, type,
      0, 0};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes error_value(std::string_view condition, std::string_view description, int retry_after = 0) {
  return described_value(0x1d, list_value({symbol_value(condition), string_value(description),
                                           map_value({symbol_value("retry-after"), int_value(retry_after)})}));
}

class AmqpDeviceTest : public ::testing::Test {
 protected:
  AmqpDeviceTest() {
    device_.id_scope = "0ne00111111";
    device_.registration_id = "dev-1";
    device_.host = "dps.example.net";
    device_.key = SecretBytes(Bytes(32, 5));
    end_.reply = [this](ByteView octets) { return answer(octets); };
  }

  /// A service that lets everybody in and answers each request with `body_`.
  Bytes answer(ByteView octets) {
    Bytes out;
    const auto add = [&out](const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); };
    while (!octets.empty()) {
      const FrameView frame = read_frame(octets, 100'000).value().value();
      octets = octets.subspan(frame.size);
      if (frame.protocol) {
        heard_.emplace_back(*frame.protocol == Protocol::kSasl ? "SASL" : "AMQP");
        add(protocol_header(*frame.protocol));
        if (*frame.protocol == Protocol::kSasl) add(framed(1, 0x40, {symbol_value(mechanism_)}));
        continue;
      }
      add(answer_frame(frame));
    }
    return out;
  }

  Bytes answer_frame(const FrameView& frame) {
    switch (*frame.kind) {
      case Performative::kSaslInit:
        heard_.emplace_back(hex_lower(frame.performative));
        return framed(1, 0x44, {ubyte_value(outcome_)});
      case Performative::kOpen:
        return open_frame("service", "");
      case Performative::kBegin:
        return begin_frame();
      case Performative::kAttach:
        ++attached_;
        return attached_ == 2 ? at_attach_ : Bytes{};
      case Performative::kTransfer:
        requests_.push_back(decode_message(frame.payload).value());
        return at_request_ ? at_request_() : settled_and_answered();
      case Performative::kDisposition:
        ++settled_;
        return {};
      default:
        return {};
    }
  }

  Bytes settled_and_answered() {
    Bytes out = framed(
        0, 0x15,
        {bool_value(true), uint_value(0), uint_value(9), bool_value(true), described_value(0x24, list_value({}))});
    const Bytes message = encode_response(
        {.correlation_id = requests_.back().correlation_id, .retry_after = std::chrono::seconds(3), .body = body_});
    // In two frames, as long messages come.
    const std::size_t half = message.size() / 2;
    const auto put = [&out](ByteView part, bool more) {
      const Bytes transfer = framed(0, 0x14,
                                    {uint_value(0), uint_value(0), binary_value(as_bytes("t")), uint_value(0),
                                     bool_value(false), bool_value(more)},
                                    part);
      out.insert(out.end(), transfer.begin(), transfer.end());
    };
    put(ByteView(message).first(half), true);
    put(ByteView(message).subspan(half), false);
    return out;
  }

  Bytes reject(const Bytes& error) {
    return framed(
        0, 0x15,
        {bool_value(true), uint_value(0), null_value(), bool_value(true), described_value(0x25, list_value({error}))});
  }

  AmqpDevice make() {
    return AmqpDevice(
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
  std::string mechanism_ = "PLAIN";
  std::uint8_t outcome_ = 0;
  Bytes at_attach_ = flow_frame(1, 50);
  std::function<Bytes()> at_request_;
  std::string body_ = R"({"operationId":"op","status":"assigning"})";
  std::vector<std::string> heard_;
  std::vector<Message> requests_;
  int attached_ = 0;
  int settled_ = 0;
  int connections_ = 0;
};

TEST_F(AmqpDeviceTest, AKeyIsProvedBySasl) {
  const auto answer = make().request_registration(R"({"registrationId":"dev-1"})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, body_);
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(3));
  ASSERT_EQ(heard_.size(), 3U);
  EXPECT_EQ(heard_[0], "SASL");
  const std::string plain = hex_lower(as_bytes(std::string_view("\0000ne00111111/registrations/dev-1\0", 33)));
  EXPECT_THAT(heard_[1], ::testing::HasSubstr(plain));
  EXPECT_EQ(heard_[2], "AMQP");
  EXPECT_EQ(requests_.front().property("iotdps-operation-type"), "iotdps-register");
  EXPECT_EQ(requests_.front().body, R"({"registrationId":"dev-1"})");
  EXPECT_EQ(settled_, 1);
}

TEST_F(AmqpDeviceTest, ACertificateNeedsNoSasl) {
  device_.key = {};
  ASSERT_TRUE(make().request_registration("{}"));
  EXPECT_THAT(heard_, ::testing::ElementsAre("AMQP"));
}

TEST_F(AmqpDeviceTest, LaterRequestsUseTheSameConnection) {
  AmqpDevice device = make();
  ASSERT_TRUE(device.request_registration("{}"));
  ASSERT_TRUE(device.ask_status("op-1"));
  EXPECT_EQ(connections_, 1);
  EXPECT_EQ(requests_.back().property("iotdps-operation-type"), "iotdps-get-operationstatus");
  EXPECT_EQ(requests_.back().property("iotdps-operation-id"), "op-1");
}

TEST_F(AmqpDeviceTest, FramesMayComeOctetByOctet) {
  end_.piece = 1;
  EXPECT_TRUE(make().request_registration("{}"));
}

TEST_F(AmqpDeviceTest, CredentialsThatAreNotAcceptedAreARefusal) {
  outcome_ = 1;
  const auto answer = make().request_registration("{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnauthorized);
}

TEST_F(AmqpDeviceTest, AMechanismThatIsNotOfferedIsSaid) {
  mechanism_ = "EXTERNAL";
  const auto answer = make().request_registration("{}");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, ::testing::HasSubstr("PLAIN"));
}

TEST_F(AmqpDeviceTest, ARejectedRequestTellsStatusAndPause) {
  const std::string body = R"({"errorCode":429001,"message":"Slow down","trackingId":"t"})";
  at_request_ = [&] { return reject(error_value("com.microsoft:device-container-throttled", body, 7)); };
  const auto answer = make().request_registration("{}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, body);
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(7));
}

TEST_F(AmqpDeviceTest, ARefusedConnectionTellsStatus) {
  const std::string body = R"({"errorCode":401002,"message":"No such scope","trackingId":"t"})";
  at_attach_ = framed(0, 0x18, {error_value("amqp:unauthorized-access", body)});
  const auto answer = make().request_registration("{}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
}

TEST_F(AmqpDeviceTest, AnEndWithoutABodyIsAnError) {
  at_request_ = [] { return framed(0, 0x18, {error_value("amqp:connection:forced", "Stopping")}); };
  const auto answer = make().request_registration("{}");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, ::testing::HasSubstr("Stopping"));
}

TEST_F(AmqpDeviceTest, AServiceOfAnotherProtocolIsAnError) {
  end_.reply = [](ByteView) {
    const ByteView octets = as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
    return Bytes(octets.begin(), octets.end());
  };
  const auto answer = make().request_registration("{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInternal);
}

TEST_F(AmqpDeviceTest, AConnectionThatIsLostIsMadeAnew) {
  AmqpDevice device = make();
  at_request_ = [] { return Bytes(); };
  EXPECT_FALSE(device.request_registration("{}"));
  at_request_ = nullptr;
  attached_ = 0;
  EXPECT_TRUE(device.request_registration("{}"));
  EXPECT_EQ(connections_, 2);
}

}  // namespace
}  // namespace muster::cli
