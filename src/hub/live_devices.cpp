#include "hub/live_devices.h"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "base/log.h"

namespace muster::hub {
namespace {

std::uint8_t bit(wire::HubFilter filter) {
  return static_cast<std::uint8_t>(filter);
}

bool has(std::uint8_t subscriptions, wire::HubFilter filter) {
  return (subscriptions & bit(filter)) != 0;
}

}  // namespace

std::expected<LiveDevices::Visit, LiveDevices::TurnedAway> LiveDevices::enter(const HubName& hub,
                                                                              const std::string& device_id,
                                                                              std::shared_ptr<DeviceLink> link,
                                                                              model::HubVisitor visitor,
                                                                              bool clean_session) {
  std::shared_ptr<DeviceLink> former;
  Visit visit;
  {
    const std::scoped_lock lock(mutex_);
    const TimePoint now = clock_.now();
    Entry& entry = entries_[key_of(hub, device_id)];
    if (entry.link && !entry.take_overs.grant(now, settings_)) {
      return std::unexpected(turn_away(entry, std::move(visitor), now));
    }
    visit.session_present = entry.visit != 0 && !entry.clean && !clean_session;
    if (!visit.session_present) entry.subscriptions = 0;
    former = std::exchange(entry.link, std::move(link));
    visit.took_over = former != nullptr;
    visit.number = entry.visit = ++visits_;
    entry.visitor = std::move(visitor);
    entry.clean = clean_session;
    entry.changed = entry.last_activity = now;
    if (has(entry.subscriptions, wire::HubFilter::kMessages)) visit.messages = entry.messages;
  }
  if (former) {
    log_warning("hub.taken-over", {{"hub", hub.host}, {"device", device_id}});
    former->end();
  }
  return visit;
}

LiveDevices::TurnedAway LiveDevices::turn_away(Entry& entry, model::HubVisitor visitor, TimePoint now) {
  const auto due = entry.take_overs.take_due(now, settings_);
  if (!due) return {};
  return {model::IdentityContest{.connected = entry.visitor,
                                 .connected_since = entry.changed.value_or(now),
                                 .refused = std::move(visitor),
                                 .take_overs = due->granted,
                                 .refusals = due->refused,
                                 .began = due->began}};
}

void LiveDevices::began(const HubName& hub, const std::string& device_id, std::uint64_t visit) {
  {
    const std::scoped_lock lock(mutex_);
    const Entry* entry = find(hub, device_id, visit);
    if (entry == nullptr || !has(entry->subscriptions, wire::HubFilter::kMethods)) return;
  }
  if (observer_ != nullptr) observer_->ready_for_methods(hub, device_id);
}

LiveDevices::Entry* LiveDevices::find(const HubName& hub, const std::string& device_id, std::uint64_t visit) {
  const auto found = entries_.find(key_of(hub, device_id));
  return found == entries_.end() || found->second.visit != visit ? nullptr : &found->second;
}

bool LiveDevices::leave(const HubName& hub, const std::string& device_id, std::uint64_t visit) {
  const std::scoped_lock lock(mutex_);
  Entry* entry = find(hub, device_id, visit);
  if (entry == nullptr) return !entries_.contains(key_of(hub, device_id));  // shut out, and nobody came since
  entry->link.reset();
  entry->changed = clock_.now();
  if (entry->clean) entry->subscriptions = 0;
  return true;
}

void LiveDevices::subscribe(const HubName& hub, const std::string& device_id, std::uint64_t visit,
                            wire::HubFilter filter, wire::mqtt::Qos granted) {
  {
    const std::scoped_lock lock(mutex_);
    Entry* entry = find(hub, device_id, visit);
    if (entry == nullptr) return;
    entry->subscriptions |= bit(filter);
    if (filter == wire::HubFilter::kMessages) entry->messages = granted;
  }
  if (filter == wire::HubFilter::kMethods && observer_ != nullptr) observer_->ready_for_methods(hub, device_id);
}

void LiveDevices::unsubscribe(const HubName& hub, const std::string& device_id, std::uint64_t visit,
                              wire::HubFilter filter) {
  const std::scoped_lock lock(mutex_);
  if (Entry* entry = find(hub, device_id, visit)) {
    entry->subscriptions = static_cast<std::uint8_t>(entry->subscriptions & ~bit(filter));
  }
}

void LiveDevices::touch(const HubName& hub, const std::string& device_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(key_of(hub, device_id));
  if (found != entries_.end()) found->second.last_activity = clock_.now();
}

bool LiveDevices::send(const HubName& hub, const std::string& device_id, wire::HubFilter filter, std::string topic,
                       std::string payload) {
  std::shared_ptr<DeviceLink> link;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(key_of(hub, device_id));
    if (found == entries_.end() || !has(found->second.subscriptions, filter)) return false;
    link = found->second.link;
  }
  return link && link->send(std::move(topic), std::move(payload));
}

ConnectionState LiveDevices::state(const HubName& hub, const std::string& device_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(key_of(hub, device_id));
  if (found == entries_.end()) return {};
  return {found->second.link != nullptr, found->second.changed, found->second.last_activity};
}

std::size_t LiveDevices::connected(const HubName& hub) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(entries_, [&](const auto& each) {
    return each.first.first == std::pair(hub.instance, hub.host) && each.second.link != nullptr;
  }));
}

void LiveDevices::shut_out(const HubName& hub, const std::string& device_id) {
  std::shared_ptr<DeviceLink> link;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(key_of(hub, device_id));
    if (found == entries_.end()) return;
    link = std::exchange(found->second.link, nullptr);
    // A session does not outlive what it was proved with.
    entries_.erase(found);
  }
  if (link) link->end();
}

void LiveDevices::desired_changed(const HubName& hub, const model::HubDevice& device,
                                  const boost::json::object& change) {
  boost::json::object push = change;
  push["$version"] = device.twin.desired.version;
  send(hub, device.device_id, wire::HubFilter::kDesired, wire::desired_topic(device.twin.desired.version),
       boost::json::serialize(push));
}

}  // namespace muster::hub
