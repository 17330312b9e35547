#include "muster/device_mqtt.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "muster/version.h"
#include "wire/device_identity.h"
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

constexpr std::string_view kResponses = "$dps/registrations/res/#";
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

Connect connect_packet(const DeviceRegistration& device, std::string token) {
  Connect out{.client_id = device.registration_id,
              .user_name = wire::device_user_name({device.id_scope, device.registration_id, device.api_version},
                                                  fmt::format("muster/{}", kVersion))};
  if (!token.empty()) out.password = std::move(token);
  return out;
}

std::unexpected<Error> out_of_place(std::string_view what) {
  return fail(ErrorCode::kInternal, fmt::format("The service sent MQTT out of place: {}.", what));
}

/// The answer that a message is, when it is the one to this request.
Result<std::optional<DeviceAnswer>> read_answer(Publish message, const std::string& request_id) {
  const auto topic = wire::parse_provisioning_response_topic(message.topic);
  if (!topic) return out_of_place(topic.error().message);
  if (topic->request_id != request_id) return std::nullopt;
  return DeviceAnswer{.status = topic->status, .retry_after = topic->retry_after, .body = std::move(message.payload)};
}

}  // namespace

MqttDevice::~MqttDevice() {
  if (channel_) static_cast<void>(send(Signal{PacketType::kDisconnect}));  // nobody waits for what comes of it
}

Result<DeviceAnswer> MqttDevice::request_registration(const std::string& body) {
  return request(wire::register_topic(next_request_id()), body);
}

Result<DeviceAnswer> MqttDevice::ask_status(const std::string& operation_id) {
  return request(wire::status_topic(next_request_id(), operation_id), "");
}

Result<DeviceAnswer> MqttDevice::request(const std::string& topic, const std::string& body) {
  if (!channel_) {
    if (auto connected = connect(); !connected) return std::unexpected(connected.error());
  }
  auto answer = exchange(topic, body);
  if (!answer) channel_.reset();
  return answer;
}

Result<void> MqttDevice::connect() {
  auto channel = open_();
  if (!channel) return std::unexpected(channel.error());
  channel_ = *std::move(channel);
  inbox_.clear();
  auto done = log_in();
  if (!done) channel_.reset();
  return done;
}

Result<void> MqttDevice::log_in() {
  if (auto sent = send(connect_packet(device_, device_token(device_, clock_))); !sent) return sent;
  const auto answer = receive();
  if (!answer) return std::unexpected(answer.error());
  const auto* connack = std::get_if<Connack>(&*answer);
  if (connack == nullptr) return out_of_place("no CONNACK");
  if (connack->code != ConnectReturn::kAccepted) {
    const bool passing = connack->code == ConnectReturn::kServerUnavailable;
    return fail(passing ? ErrorCode::kUnavailable : ErrorCode::kUnauthorized,
                fmt::format("The service refused the MQTT connection: {} ({}).", meaning_of(connack->code),
                            static_cast<int>(connack->code)));
  }
  const Subscribe subscribe{.packet_id = ++last_packet_id_,
                            .subscriptions = {{std::string(kResponses), Qos::kAtLeastOnce}}};
  if (auto sent = send(subscribe); !sent) return sent;
  const auto granted = receive();
  if (!granted) return std::unexpected(granted.error());
  const auto* suback = std::get_if<Suback>(&*granted);
  if (suback == nullptr || suback->granted.front() == wire::mqtt::kSubscribeFailure) {
    return out_of_place("the subscription to responses is refused");
  }
  return {};
}

Result<DeviceAnswer> MqttDevice::exchange(const std::string& topic, const std::string& body) {
  const std::string request_id = std::to_string(last_request_);
  const Publish publish{.topic = topic, .payload = body, .qos = Qos::kAtLeastOnce, .packet_id = ++last_packet_id_};
  if (auto sent = send(publish); !sent) return std::unexpected(sent.error());
  const TimePoint end = clock_.now() + device_.timeout;
  while (clock_.now() <= end) {
    auto packet = receive();
    if (!packet) return std::unexpected(packet.error());
    auto* message = std::get_if<Publish>(&*packet);
    if (message == nullptr) continue;  // the PUBACK
    if (message->qos == Qos::kAtLeastOnce) {
      if (auto sent = send(Ack{PacketType::kPuback, message->packet_id}); !sent) return std::unexpected(sent.error());
    }
    auto answer = read_answer(std::move(*message), request_id);
    if (!answer) return std::unexpected(answer.error());
    if (*answer) return **std::move(answer);
  }
  return fail(ErrorCode::kUnavailable, "The service did not answer in time.");
}

Result<void> MqttDevice::send(const Packet& packet) {
  return channel_->send(wire::mqtt::encode(packet));
}

Result<Packet> MqttDevice::receive() {
  for (;;) {
    const auto header = wire::mqtt::read_fixed_header(inbox_, kMaxPacket);
    if (!header) return out_of_place(header.error().message);
    if (*header && inbox_.size() >= (*header)->size + (*header)->body_size) {
      const auto& [type, flags, size, body_size] = **header;
      auto packet = wire::mqtt::decode(**header, ByteView(inbox_).subspan(size, body_size));
      inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(size + body_size));
      if (!packet) return out_of_place(packet.error().message);
      return packet;
    }
    auto more = channel_->receive();
    if (!more) return std::unexpected(more.error());
    inbox_.insert(inbox_.end(), more->begin(), more->end());
  }
}

std::string MqttDevice::next_request_id() {
  return std::to_string(++last_request_);
}

}  // namespace muster::cli
