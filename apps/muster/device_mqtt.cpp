#include "muster/device_mqtt.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "muster/version.h"
#include "wire/device_identity.h"
#include "wire/provisioning_topic.h"

namespace muster::cli {
namespace {

using wire::mqtt::Connect;
using wire::mqtt::Publish;

constexpr const char* kResponses = "$dps/registrations/res/#";

Connect connect_packet(const DeviceRegistration& device, std::string token) {
  Connect out{.client_id = device.registration_id,
              .user_name = wire::device_user_name({device.id_scope, device.registration_id, device.api_version},
                                                  fmt::format("muster/{}", kVersion))};
  if (!token.empty()) out.password = std::move(token);
  return out;
}

/// The answer that a message is, when it is the one to this request.
Result<std::optional<DeviceAnswer>> read_answer(Publish message, const std::string& request_id) {
  const auto topic = wire::parse_provisioning_response_topic(message.topic);
  if (!topic) {
    return fail(ErrorCode::kInternal, fmt::format("The service sent MQTT out of place: {}.", topic.error().message));
  }
  if (topic->request_id != request_id) return std::nullopt;
  return DeviceAnswer{.status = topic->status, .retry_after = topic->retry_after, .body = std::move(message.payload)};
}

}  // namespace

Result<DeviceAnswer> MqttDevice::request_registration(const std::string& body) {
  return request(wire::register_topic(next_request_id()), body);
}

Result<DeviceAnswer> MqttDevice::ask_status(const std::string& operation_id) {
  return request(wire::status_topic(next_request_id(), operation_id), "");
}

Result<DeviceAnswer> MqttDevice::request(const std::string& topic, const std::string& body) {
  if (!client_) {
    auto connected = connect();
    if (!connected) return std::unexpected(connected.error());
    client_ = *std::move(connected);
  }
  auto answer = exchange(topic, body);
  if (!answer) client_.reset();
  return answer;
}

Result<std::unique_ptr<MqttClient>> MqttDevice::connect() {
  auto channel = open_();
  if (!channel) return std::unexpected(channel.error());
  auto client = std::make_unique<MqttClient>(*std::move(channel));
  if (auto done = client->connect(connect_packet(device_, device_token(device_, clock_))); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = client->subscribe({kResponses}); !done) return std::unexpected(done.error());
  return client;
}

Result<DeviceAnswer> MqttDevice::exchange(const std::string& topic, const std::string& body) {
  const std::string request_id = std::to_string(last_request_);
  if (auto sent = client_->publish(topic, body); !sent) return std::unexpected(sent.error());
  const TimePoint end = clock_.now() + device_.timeout;
  while (clock_.now() <= end) {
    auto packet = client_->receive();
    if (!packet) return std::unexpected(packet.error());
    auto* message = std::get_if<Publish>(&*packet);
    if (message == nullptr) continue;  // the PUBACK
    auto answer = read_answer(std::move(*message), request_id);
    if (!answer) return std::unexpected(answer.error());
    if (*answer) return **std::move(answer);
  }
  return fail(ErrorCode::kUnavailable, "The service did not answer in time.");
}

std::string MqttDevice::next_request_id() {
  return std::to_string(++last_request_);
}

}  // namespace muster::cli
