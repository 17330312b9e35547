#include "muster/device_simulation.h"

#include <algorithm>
#include <utility>

#include "model/json.h"

namespace muster::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kPingInterval = HubSession::kKeepAlive / 2;

/// JSON where it is JSON, else the text.
boost::json::value shown(const std::string& text) {
  auto value = model::parse_json(text);
  return value ? *std::move(value) : boost::json::value(text);
}

}  // namespace

Result<bool> DeviceSimulation::run() {
  begun_ = next_message_ = clock_.now();
  next_ping_ = begun_ + kPingInterval;
  for (;;) {
    if (auto sent = send_what_is_due(); !sent) return std::unexpected(sent.error());
    if (done()) return true;
    if (plan_.duration && clock_.now() >= begun_ + *plan_.duration) return false;
    const auto message = session_.next(pause());
    if (!message) return std::unexpected(message.error());
    if (!*message) continue;
    if (auto handled = handle(**message); !handled) return std::unexpected(handled.error());
  }
}

bool DeviceSimulation::done() const {
  return plan_.has_end() && sent_ >= plan_.messages && unacknowledged_.empty() && answered_ >= plan_.methods;
}

Result<void> DeviceSimulation::send_what_is_due() {
  const TimePoint now = clock_.now();
  if (sent_ < plan_.messages && now >= next_message_) {
    const auto packet_id = session_.send_telemetry(plan_.data);
    if (!packet_id) return std::unexpected(packet_id.error());
    unacknowledged_.insert(*packet_id);
    next_message_ = now + plan_.interval;
    log_({{"event", "telemetry"}, {"number", ++sent_}, {"body", shown(plan_.data)}});
  }
  if (now >= next_ping_) {
    next_ping_ = now + kPingInterval;
    return session_.ping();
  }
  return {};
}

milliseconds DeviceSimulation::pause() const {
  TimePoint next = next_ping_;
  if (sent_ < plan_.messages) next = std::min(next, next_message_);
  if (plan_.duration) next = std::min(next, begun_ + *plan_.duration);
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(next - clock_.now()));
}

Result<void> DeviceSimulation::handle(const HubMessage& message) {
  if (const auto* call = std::get_if<MethodCall>(&message)) {
    if (auto sent = session_.answer(*call, plan_.method_status, plan_.method_payload); !sent) return sent;
    ++answered_;
    log_({{"event", "method"},
          {"method", call->name},
          {"payload", shown(call->payload)},
          {"status", plan_.method_status}});
  } else if (const auto* desired = std::get_if<DesiredChange>(&message)) {
    log_({{"event", "desired"}, {"version", desired->version}, {"patch", shown(desired->patch)}});
  } else if (const auto* cloud = std::get_if<CloudMessage>(&message)) {
    boost::json::object properties;
    for (const auto& [name, value] : cloud->properties) {
      properties[name] = value ? boost::json::value(*value) : boost::json::value(nullptr);
    }
    log_({{"event", "message"}, {"body", shown(cloud->body)}, {"properties", std::move(properties)}});
  } else if (const auto* acknowledged = std::get_if<Acknowledged>(&message)) {
    unacknowledged_.erase(acknowledged->packet_id);
  }
  return {};
}

}  // namespace muster::cli
