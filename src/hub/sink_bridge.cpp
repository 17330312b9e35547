#include "hub/sink_bridge.h"

#include <deque>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace muster::hub {
namespace {

std::string topic_level(std::string_view id) {
  std::string out;
  for (const char c : id) {
    if (c == '+' || c == '#' || c == '%') {
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string bridge_topic(const std::string& prefix, const HubName& hub, const model::HubEvent& event) {
  return fmt::format("{}/{}/devices/{}/{}", prefix, hub.host, topic_level(event.device_id),
                     event.source == model::kTelemetrySource ? "events" : event.source);
}

Task<Delivery> SinkBridge::deliver(const HubName& hub, const std::vector<model::HubEvent>& events) {
  co_return co_await Handover<Delivery>([this, &hub, &events](auto done) {
    executor_.post([this, &hub, &events, done = std::move(done)]() mutable { done(deliver_now(hub, events)); });
  });
}

void SinkBridge::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  if (connection_) connection_->interrupt();
}

Result<std::shared_ptr<BrokerConnection>> SinkBridge::connection(const HubName& hub) {
  if (connection_ && connection_->is_up()) return connection_;
  const auto made = std::make_shared<BrokerConnection>(settings_);
  replace_connection(made);
  auto opened = made->open(fmt::format("muster-{}-{}", hub.host, settings_.name), password_);
  if (opened) return made;
  replace_connection(nullptr);
  return std::unexpected(opened.error());
}

void SinkBridge::replace_connection(std::shared_ptr<BrokerConnection> connection) {
  {
    const std::scoped_lock lock(mutex_);
    connection_.swap(connection);
    if (connection_ && stopping_) connection_->interrupt();
  }
  // The former one ends here, without the lock: it waits for its thread.
}

Delivery SinkBridge::deliver_now(const HubName& hub, const std::vector<model::HubEvent>& events) {
  Delivery out{.verdict = Delivery::Verdict::kLater};
  const auto up = connection(hub);
  if (!up) {
    out.reason = up.error().message;
    return out;
  }
  BrokerConnection& broker = **up;
  std::deque<int> sent;
  Result<void> going;
  for (const model::HubEvent& event : events) {
    const auto packet_id =
        broker.publish(bridge_topic(settings_.topic_prefix, hub, event),
                       settings_.payload == SinkPayload::kBody ? event.body : boost::json::serialize(to_json(event)));
    if (!packet_id) {
      going = std::unexpected(packet_id.error());
      break;
    }
    sent.push_back(*packet_id);
  }
  // Also of a connection that is lost: what it has acknowledged need not be sent again.
  for (; !sent.empty(); sent.pop_front()) {
    if (auto done = broker.wait_for(sent.front()); !done) {
      if (going) going = std::move(done);
      break;
    }
    ++out.delivered;
  }
  if (going) {
    out.verdict = Delivery::Verdict::kDone;
  } else {
    out.reason = going.error().message;
    replace_connection(nullptr);
  }
  return out;
}

}  // namespace muster::hub
