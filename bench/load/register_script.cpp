#include "load/register_script.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "wire/mqtt/encode.h"
#include "wire/percent.h"
#include "wire/provisioning_topic.h"
#include "wire/sas_token.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

constexpr std::string_view kApiVersion = "2019-03-31";  // what most SDKs send (device-api.md 3.2)
constexpr std::chrono::hours kTokenLife{1};
constexpr int kMaxPolls = 120;

std::string_view operation_id_of(std::string_view body) {
  constexpr std::string_view kMember = "\"operationId\":\"";
  const auto begin = body.find(kMember);
  if (begin == std::string_view::npos) return {};
  const std::string_view value = body.substr(begin + kMember.size());
  return value.substr(0, value.find('"'));
}

}  // namespace

/// What a device does with answers, whatever it speaks.
class Fleet::Device : public Script {
 public:
  Device(Fleet& fleet, std::string registration_id, const Identity* identity, std::string token)
      : fleet_(fleet), registration_id_(std::move(registration_id)), identity_(identity), token_(std::move(token)) {}

  [[nodiscard]] const Identity* identity() const override { return identity_; }

  Next on_reply(const Reply& reply) override {
    if (polls_ == 0 && fleet_.register_body_.empty()) fleet_.register_body_ = reply.body;
    if (reply.status == 200) {
      if (fleet_.status_body_.empty()) fleet_.status_body_ = reply.body;
      if (reply.body.find(R"("status":"assigned")") != std::string_view::npos) return {};
      return failure(reply);
    }
    const std::string_view operation = operation_id_of(reply.body);
    if (reply.status != 202 || operation.empty() || polls_ == kMaxPolls) return failure(reply);
    ++polls_;
    ++fleet_.polls_;
    return {Next::Kind::kAsk, poll(operation), reply.retry_after};
  }

 protected:
  virtual std::string poll(std::string_view operation) = 0;

  [[nodiscard]] const FleetSettings& settings() const { return fleet_.settings_; }
  [[nodiscard]] const std::string& registration_id() const { return registration_id_; }
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] std::string register_body() const {
    return fmt::format(R"({{"registrationId":"{}"}})", registration_id_);
  }
  static Next failure(const Reply& reply) {
    return {Next::Kind::kFail, fmt::format("status {}: {}", reply.status, reply.body), {}};
  }

 private:
  Fleet& fleet_;
  const std::string registration_id_;
  const Identity* identity_;
  const std::string token_;
  int polls_ = 0;
};

class Fleet::HttpDevice final : public Device {
 public:
  using Device::Device;

  [[nodiscard]] ReadReply read_reply() const override { return read_http_reply; }

  std::string first_request() override {
    const std::string body = register_body();
    return head("PUT", "register") +
           fmt::format("Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n", body.size()) +
           body;
  }

 private:
  std::string poll(std::string_view operation) override {
    return head("GET", "operations/" + wire::percent_encode(operation)) + "\r\n";
  }

  [[nodiscard]] std::string head(std::string_view method, std::string_view action) const {
    std::string out = fmt::format(
        "{} /{}/registrations/{}/{}?api-version={} HTTP/1.1\r\nHost: {}\r\nUser-Agent: prov_device_client/1.0\r\n"
        "Accept: application/json\r\nConnection: keep-alive\r\n",
        method, settings().id_scope, registration_id(), action, kApiVersion, settings().host);
    if (!token().empty()) out += fmt::format("Authorization: {}\r\n", token());
    return out;
  }
};

/// As the SDKs do: QoS 1 both ways, a response is acknowledged before the next request.
class Fleet::MqttDevice final : public Device {
 public:
  using Device::Device;

  [[nodiscard]] ReadReply read_reply() const override { return read_mqtt_reply; }

  std::string first_request() override {
    mqtt::Connect connect{.client_id = registration_id(), .keep_alive = 0};
    connect.user_name = fmt::format("{}/registrations/{}/api-version={}&ClientVersion=prov_device_client%2F1.0",
                                    settings().id_scope, registration_id(), kApiVersion);
    if (!token().empty()) connect.password = token();
    return packet(connect);
  }

  Next on_reply(const Reply& reply) override {
    switch (step_) {
      case Step::kConnect:
        if (reply.status != 0) return failure(reply);
        step_ = Step::kSubscribe;
        return {Next::Kind::kAsk,
                packet(mqtt::Subscribe{.packet_id = next_id_++,
                                       .subscriptions = {{"$dps/registrations/res/#", mqtt::Qos::kAtLeastOnce}}}),
                {}};
      case Step::kSubscribe:
        if (reply.status != 0) return failure(reply);
        if (settings().hold) return {Next::Kind::kHold, {}, {}};
        step_ = Step::kRegister;
        return {Next::Kind::kAsk, request(wire::register_topic("1"), register_body()), {}};
      case Step::kRegister:
        return Device::on_reply(reply);
    }
    return failure(reply);
  }

 private:
  enum class Step { kConnect, kSubscribe, kRegister };

  static std::string packet(const mqtt::Packet& value) { return std::string(as_text(mqtt::encode(value))); }

  std::string request(std::string topic, std::string payload) {
    return packet(mqtt::Publish{.topic = std::move(topic),
                                .payload = std::move(payload),
                                .qos = mqtt::Qos::kAtLeastOnce,
                                .packet_id = next_id_++});
  }

  /// The server's first message has packet id 1, its next one 2.
  std::string poll(std::string_view operation) override {
    return packet(mqtt::Ack{mqtt::PacketType::kPuback, ++answered_}) + request(wire::status_topic("1", operation), " ");
  }

  Step step_ = Step::kConnect;
  std::uint16_t next_id_ = 1;
  std::uint16_t answered_ = 0;
};

Result<std::unique_ptr<Fleet>> Fleet::create(FleetSettings settings) {
  std::unique_ptr<Fleet> fleet(new Fleet(std::move(settings)));
  if (fleet->settings_.certificates.empty()) return fleet;
  std::vector<std::string> names;
  names.reserve(fleet->settings_.count);
  for (std::size_t i = 0; i < fleet->settings_.count; ++i) names.push_back(fleet->registration_id(i));
  SystemRandom random;
  auto identities = make_identities(fleet->settings_.certificates, names, random);
  if (!identities) return std::unexpected(identities.error());
  fleet->identities_ = std::move(*identities);
  return fleet;
}

std::unique_ptr<Script> Fleet::make(std::size_t index) {
  std::string id = registration_id(index);
  const Identity* identity = identities_.empty() ? nullptr : &identities_[index];
  std::string token = identity == nullptr ? this->token(id) : std::string();
  if (settings_.mqtt) return std::make_unique<MqttDevice>(*this, std::move(id), identity, std::move(token));
  return std::make_unique<HttpDevice>(*this, std::move(id), identity, std::move(token));
}

std::string Fleet::registration_id(std::size_t index) const {
  return fmt::format("{}{}", settings_.prefix, settings_.first + index * settings_.stride);
}

std::string Fleet::token(const std::string& registration_id) const {
  const SecretBytes key = crypto::derive_device_key(settings_.group_key, registration_id);
  return wire::make_sas_token(fmt::format("{}/registrations/{}", settings_.id_scope, registration_id), key,
                              SystemClock().now() + kTokenLife, "registration");
}

}  // namespace muster::bench
