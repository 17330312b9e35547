#include "load/telemetry.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "wire/mqtt/encode.h"
#include "wire/sas_token.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

constexpr std::chrono::hours kTokenLife{1};

/// A JSON object of that size.
std::string make_payload(std::size_t size) {
  std::string out = R"({"temperature":21.5,"text":")";
  const std::string end = "\"}";
  out.append(size > out.size() + end.size() ? size - out.size() - end.size() : 0, 'x');
  return out + end;
}

}  // namespace

class TelemetrySource::Device final : public Script {
 public:
  Device(const TelemetrySettings& settings, const std::string& payload, std::string id)
      : settings_(settings), payload_(payload), id_(std::move(id)), left_(settings.messages) {}

  [[nodiscard]] const Identity* identity() const override { return nullptr; }
  [[nodiscard]] ReadReply read_reply() const override { return read_mqtt_acknowledgements; }

  std::string first_request() override {
    mqtt::Connect connect{.client_id = id_, .keep_alive = 0};
    connect.user_name = fmt::format("{}/{}/?api-version=2021-04-12&DeviceClientType=bench%2F1.0", settings_.hub, id_);
    connect.password =
        wire::make_sas_token(fmt::format("{}/devices/{}", settings_.hub, id_),
                             crypto::derive_device_key(settings_.group_key, id_), SystemClock().now() + kTokenLife, "");
    return std::string(as_text(mqtt::encode(connect)));
  }

  Next on_reply(const Reply& reply) override {
    const bool good = connected_ ? reply.status > 0 : reply.status == 0;
    if (!good) return {Next::Kind::kFail, fmt::format("status {}", reply.status), {}};
    connected_ = true;
    on_the_way_ -= std::min(on_the_way_, static_cast<std::size_t>(reply.status));
    if (left_ == 0 && on_the_way_ == 0) return {};
    if (left_ == 0) return {Next::Kind::kWait, {}, {}};
    return {Next::Kind::kAsk, fill_window(), {}};
  }

 private:
  std::string fill_window() {
    Bytes out;
    for (; left_ > 0 && on_the_way_ < settings_.window; --left_, ++on_the_way_) {
      last_id_ = last_id_ == UINT16_MAX ? 1 : last_id_ + 1;
      mqtt::append(out, mqtt::Publish{.topic = fmt::format("devices/{}/messages/events/", id_),
                                      .payload = payload_,
                                      .qos = mqtt::Qos::kAtLeastOnce,
                                      .packet_id = static_cast<std::uint16_t>(last_id_)});
    }
    return std::string(as_text(out));
  }

  const TelemetrySettings& settings_;
  const std::string& payload_;
  const std::string id_;
  std::size_t left_;
  std::size_t on_the_way_ = 0;
  int last_id_ = 0;
  bool connected_ = false;
};

TelemetrySource::TelemetrySource(TelemetrySettings settings)
    : settings_(std::move(settings)), payload_(make_payload(settings_.payload)) {
}

std::unique_ptr<Script> TelemetrySource::make(std::size_t index) {
  return std::make_unique<Device>(settings_, payload_, fmt::format("{}{}", settings_.prefix, index));
}

}  // namespace muster::bench
