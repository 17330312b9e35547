#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"

namespace muster::wire::mqtt {
namespace {

using testing::HasSubstr;

constexpr std::size_t kNoLimit = kMaxBody + 5;

Bytes octets(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') digits.push_back(c);
  }
  return from_hex(digits).value();
}

Result<Packet> decode_whole(ByteView packet) {
  const auto header = read_fixed_header(packet, kNoLimit);
  if (!header) return std::unexpected(header.error());
  if (!*header || (*header)->size > packet.size()) return invalid("incomplete");
  return decode(**header, packet.subspan((*header)->size));
}

TEST(MqttCodec, EveryPacketComesBackAsItWent) {
  const std::string long_text(70'000, 'x');
  const std::vector<Packet> packets{
      Connect{.client_id = "dev-1"},
      Connect{.client_id = "", .clean_session = false, .keep_alive = 65'535, .user_name = "u", .password = ""},
      Connect{
          .client_id = "dev-1",
          .will = Will{.topic = "a/b", .payload = std::string("\0\xFF", 2), .qos = Qos::kAtLeastOnce, .retain = true},
          .user_name = "0ne/registrations/dev-1/api-version=2019-03-31"},
      Connack{.session_present = true},
      Connack{.code = ConnectReturn::kNotAuthorized},
      Publish{.topic = "a", .payload = ""},
      Publish{.topic = "a/b", .payload = long_text, .qos = Qos::kAtLeastOnce, .duplicate = true, .packet_id = 65'535},
      Publish{.topic = "a", .payload = "x", .qos = Qos::kExactlyOnce, .retain = true, .packet_id = 1},
      Ack{PacketType::kPuback, 1},
      Ack{PacketType::kPubrec, 2},
      Ack{PacketType::kPubrel, 3},
      Ack{PacketType::kPubcomp, 4},
      Ack{PacketType::kUnsuback, 5},
      Subscribe{.packet_id = 7, .subscriptions = {{"a/+/#", Qos::kAtLeastOnce}, {"b", Qos::kAtMostOnce}}},
      Suback{.packet_id = 7, .granted = {1, kSubscribeFailure}},
      Unsubscribe{.packet_id = 8, .filters = {"a/+/#", "b"}},
      Signal{PacketType::kPingreq},
      Signal{PacketType::kPingresp},
      Signal{PacketType::kDisconnect}};
  for (const Packet& packet : packets) {
    const auto decoded = decode_whole(encode(packet));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, packet);
  }
}

// device-api.md 6.2 has the head of this packet.
TEST(MqttCodec, ReadsAConnectAsDevicesSendIt) {
  const std::string user = "0ne00111111/registrations/dev-1/api-version=2019-03-31&ClientVersion=example%2F1.0";
  Bytes packet = octets("10 65 0004 4d515454 04 82 0000 0005 6465762d31 0052");
  packet.insert(packet.end(), user.begin(), user.end());
  const auto decoded = decode_whole(packet);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(std::get<Connect>(*decoded), (Connect{.client_id = "dev-1", .user_name = user}));
  EXPECT_EQ(encode(*decoded), packet);
}

TEST(MqttCodec, WaitsForTheWholeHeader) {
  EXPECT_FALSE(read_fixed_header({}, kNoLimit).value());
  EXPECT_FALSE(read_fixed_header(octets("30"), kNoLimit).value());
  EXPECT_FALSE(read_fixed_header(octets("30 80"), kNoLimit).value());
  EXPECT_FALSE(read_fixed_header(octets("30 ff ff ff"), kNoLimit).value());
  const auto header = read_fixed_header(octets("30 80 01 00"), kNoLimit).value().value();
  EXPECT_EQ(header.size, 3U);
  EXPECT_EQ(header.body_size, 128U);
}

TEST(MqttCodec, RefusesTooLargeAPacketByItsHeader) {
  EXPECT_EQ(read_fixed_header(octets("30 7f"), 128).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(read_fixed_header(octets("30 7e"), 128).value());
  // The first octets of the length are enough when they say too much.
  EXPECT_EQ(read_fixed_header(octets("30 ff ff"), 1000).error().code, ErrorCode::kTooLarge);
}

TEST(MqttCodec, AnotherVersionIsAnotherRefusal) {
  for (const char* hex : {"10 0c 0004 4d515454 05 02 0000 0000",      // MQTT 5
                          "10 0e 0006 4d5149736470 03 02 0000 0000",  // 3.1
                          "10 0c 0004 4d515454 00 02 0000 0000"}) {   // no version at all
    const auto decoded = decode_whole(octets(hex));
    ASSERT_FALSE(decoded) << hex;
    EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupported) << hex;
  }
}

TEST(MqttCodec, RefusesWhatIsMalformed) {
  for (const auto& [hex, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {"00 00", "no such packet type"},
           {"f0 00", "no such packet type"},
           {"11 00", "reserved flags"},
           {"80 06 0001 0001 61 00", "reserved flags"},
           {"60 02 0001", "reserved flags"},
           {"c1 00", "reserved flags"},
           {"30 ff ff ff ff 7f", "no end"},
           {"10 00", "shorter"},
           {"10 0a 0004 4d515454 04 02 0000", "shorter"},
           {"10 0c 0004 4d51545a 04 02 0000 0000", "not MQTT"},
           {"10 0c 0004 4d515454 04 03 0000 0000", "reserved connect flag"},
           {"10 0c 0004 4d515454 04 0a 0000 0000", "will flags"},
           {"10 0c 0004 4d515454 04 22 0000 0000", "will flags"},
           {"10 0c 0004 4d515454 04 1e 0000 0000", "no QoS 3"},
           {"10 10 0004 4d515454 04 06 0000 0000 0000 0000", "not a topic name"},
           {"10 0e 0004 4d515454 04 42 0000 0000 0000", "without a user name"},
           {"10 0d 0004 4d515454 04 02 0000 0001 00", "UTF-8"},
           {"10 0d 0004 4d515454 04 02 0000 0001 ff", "UTF-8"},
           {"10 0d 0004 4d515454 04 02 0000 0000 00", "behind"},
           {"20 01 00", "length"},
           {"20 02 02 00", "CONNACK"},
           {"20 02 00 06", "CONNACK"},
           {"36 05 0001 61 0001", "no QoS 3"},
           {"38 03 0001 61", "duplicate"},
           {"32 05 0001 61 0000", "packet id 0"},
           {"32 03 0001 61", "shorter"},
           {"30 02 0000", "topic name"},
           {"30 03 0001 23", "topic name"},
           {"30 03 0001 00", "topic name"},
           {"30 03 0009 61", "shorter"},
           {"40 02 0000", "packet id 0"},
           {"40 03 0001 00", "length"},
           {"82 02 0001", "without filters"},
           {"82 06 0000 0001 61 00", "packet id 0"},
           {"82 06 0001 0001 61 03", "no QoS 3"},
           {"82 07 0001 0002 6123 00", "topic filter"},
           {"82 05 0001 0001 61", "shorter"},
           {"90 02 0001", "SUBACK"},
           {"90 03 0001 03", "SUBACK"},
           {"a2 02 0001", "without filters"},
           {"a2 05 0001 0002 61", "shorter"},
           {"c0 01 00", "length"}}) {
    const auto decoded = decode_whole(octets(hex));
    ASSERT_FALSE(decoded) << hex;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalidArgument) << hex;
    EXPECT_THAT(decoded.error().message, HasSubstr(reason)) << hex;
  }
}

TEST(MqttCodec, EveryTruncationIsRefused) {
  const Bytes whole = encode(Connect{
      .client_id = "dev-1", .will = Will{.topic = "t", .payload = "p"}, .user_name = "user", .password = "secret"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_whole(ByteView(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace muster::wire::mqtt
