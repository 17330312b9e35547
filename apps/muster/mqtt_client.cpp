#include "muster/mqtt_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"

namespace muster::cli {
namespace {

using wire::mqtt::Ack;
using wire::mqtt::Connack;
using wire::mqtt::Connect;
using wire::mqtt::ConnectReturn;
using wire::mqtt::Packet;
using wire::mqtt::PacketType;
using wire::mqtt::Publish;
using wire::mqtt::Qos;
using wire::mqtt::Signal;
using wire::mqtt::Suback;
using wire::mqtt::Subscribe;

constexpr std::size_t kMaxPacket = std::size_t{1} << 20U;

std::string_view meaning_of(ConnectReturn code) {
  switch (code) {
    case ConnectReturn::kAccepted:
      return "accepted";
    case ConnectReturn::kUnacceptableProtocolVersion:
      return "unacceptable protocol version";
    case ConnectReturn::kIdentifierRejected:
      return "identifier rejected";
    case ConnectReturn::kServerUnavailable:
      return "service unavailable";
    case ConnectReturn::kBadUserNameOrPassword:
      return "bad user name or password";
    case ConnectReturn::kNotAuthorized:
      return "not authorized";
  }
  return "unknown return code";
}

std::unexpected<Error> out_of_place(std::string_view what) {
  return fail(ErrorCode::kInternal, fmt::format("The service sent MQTT out of place: {}.", what));
}

}  // namespace

MqttClient::~MqttClient() {
  static_cast<void>(send(Signal{PacketType::kDisconnect}));  // nobody waits for what comes of it
}

Result<void> MqttClient::connect(const Connect& packet) {
  if (auto sent = send(packet); !sent) return sent;
  const auto answer = receive();
  if (!answer) return std::unexpected(answer.error());
  const auto* connack = std::get_if<Connack>(&*answer);
  if (connack == nullptr) return out_of_place("no CONNACK");
  if (connack->code == ConnectReturn::kAccepted) return {};
  const bool passing = connack->code == ConnectReturn::kServerUnavailable;
  return fail(passing ? ErrorCode::kUnavailable : ErrorCode::kUnauthorized,
              fmt::format("The service refused the MQTT connection: {} ({}).", meaning_of(connack->code),
                          static_cast<int>(connack->code)));
}

Result<void> MqttClient::subscribe(const std::vector<std::string>& filters) {
  Subscribe packet{.packet_id = next_packet_id(), .subscriptions = {}};
  for (const std::string& filter : filters) packet.subscriptions.push_back({filter, Qos::kAtLeastOnce});
  if (auto sent = send(packet); !sent) return sent;
  const auto answer = receive();
  if (!answer) return std::unexpected(answer.error());
  const auto* suback = std::get_if<Suback>(&*answer);
  if (suback == nullptr || suback->granted.size() != filters.size()) return out_of_place("no SUBACK");
  const auto refused = std::ranges::find(suback->granted, wire::mqtt::kSubscribeFailure);
  if (refused == suback->granted.end()) return {};
  return fail(ErrorCode::kUnauthorized,
              fmt::format("The service refused the subscription to {}.",
                          filters[static_cast<std::size_t>(refused - suback->granted.begin())]));
}

Result<std::uint16_t> MqttClient::publish(std::string topic, std::string payload) {
  Publish packet{.topic = std::move(topic),
                 .payload = std::move(payload),
                 .qos = Qos::kAtLeastOnce,
                 .packet_id = next_packet_id()};
  if (auto sent = send(packet); !sent) return std::unexpected(sent.error());
  return packet.packet_id;
}

Result<void> MqttClient::ping() {
  return send(Signal{PacketType::kPingreq});
}

Result<Packet> MqttClient::receive() {
  for (;;) {
    auto packet = take();
    if (!packet) return std::unexpected(packet.error());
    if (*packet) return **std::move(packet);
    auto more = channel_->receive();
    if (!more) return std::unexpected(more.error());
    inbox_.insert(inbox_.end(), more->begin(), more->end());
  }
}

Result<std::optional<Packet>> MqttClient::receive_within(std::chrono::milliseconds wait) {
  for (;;) {
    auto packet = take();
    if (!packet || *packet) return packet;
    auto more = channel_->receive_within(wait);
    if (!more) return std::unexpected(more.error());
    if (more->empty()) return std::nullopt;
    inbox_.insert(inbox_.end(), more->begin(), more->end());
  }
}

Result<void> MqttClient::send(const Packet& packet) {
  return channel_->send(wire::mqtt::encode(packet));
}

Result<std::optional<Packet>> MqttClient::take() {
  const auto header = wire::mqtt::read_fixed_header(inbox_, kMaxPacket);
  if (!header) return out_of_place(header.error().message);
  if (!*header || inbox_.size() < (*header)->size + (*header)->body_size) return std::nullopt;
  const auto& [type, flags, size, body_size] = **header;
  auto packet = wire::mqtt::decode(**header, ByteView(inbox_).subspan(size, body_size));
  inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(size + body_size));
  if (!packet) return out_of_place(packet.error().message);
  const auto* message = std::get_if<Publish>(&*packet);
  if (message != nullptr && message->qos == Qos::kAtLeastOnce) {
    if (auto sent = send(Ack{PacketType::kPuback, message->packet_id}); !sent) return std::unexpected(sent.error());
  }
  return packet;
}

std::uint16_t MqttClient::next_packet_id() {
  if (++last_packet_id_ == 0) last_packet_id_ = 1;  // 0 names no packet (MQTT 2.3.1)
  return last_packet_id_;
}

}  // namespace muster::cli
