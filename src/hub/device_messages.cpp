#include "hub/device_messages.h"

#include <set>
#include <utility>

#include "base/log.h"
#include "wire/hub_topic.h"

namespace muster::hub {

DeviceMessages::~DeviceMessages() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return running_ == 0; });
}

void DeviceMessages::run(std::move_only_function<Task<bool>()> make) {
  {
    const std::scoped_lock lock(mutex_);
    ++running_;
  }
  executor_.post([this, make = std::move(make)]() mutable {
    start(make(), [this](bool) {
      // Notified under the lock: the owner may go as soon as nothing is under way.
      const std::scoped_lock lock(mutex_);
      if (--running_ == 0) idle_.notify_all();
    });
  });
}

Task<Result<void>> DeviceMessages::send(HubName hub, model::HubMessage message) {
  const Key key = key_of(hub, message.device_id);
  auto added = co_await store_.add_hub_message(hub.instance, hub.host, std::move(message), settings_.waiting);
  if (added) want(key);
  co_return added;
}

Task<Result<std::size_t>> DeviceMessages::purge(HubName hub, std::string device_id) {
  const Key key = key_of(hub, device_id);
  const auto ended = co_await store_.end_hub_messages(key, std::nullopt, model::MessageOutcome::kPurged, clock_.now());
  if (!ended) co_return std::unexpected(ended.error());
  if (ended->fed_back) wake_readers(key);
  co_return ended->count;
}

Task<Result<std::size_t>> DeviceMessages::expire() {
  std::size_t count = 0;
  for (bool more = true; more;) {
    const auto devices = co_await store_.expire_hub_messages(clock_.now());
    if (!devices) co_return std::unexpected(devices.error());
    more = !devices->empty();
    count += devices->size();
    std::set<Key> hubs;
    for (const Key& device : *devices) hubs.insert({device.instance, device.hub, ""});
    for (const Key& hub : hubs) wake_readers(hub);
  }
  co_return count;
}

void DeviceMessages::begin(const HubName& hub, const std::string& device_id, std::uint64_t visit,
                           std::shared_ptr<MessageLink> link) {
  const Key key = key_of(hub, device_id);
  {
    const std::scoped_lock lock(mutex_);
    Lane& lane = lanes_[key];
    if (lane.visit > visit) return;  // taken over meanwhile
    if (lane.visit < visit) lane = Lane{.visit = visit};
    lane.link = std::move(link);
  }
  want(key);
}

void DeviceMessages::pause(const HubName& hub, const std::string& device_id, std::uint64_t visit) {
  const std::scoped_lock lock(mutex_);
  if (Lane* lane = find(key_of(hub, device_id), visit)) lane->link = nullptr;
}

void DeviceMessages::end(const HubName& hub, const std::string& device_id, std::uint64_t visit) {
  const std::scoped_lock lock(mutex_);
  const Key key = key_of(hub, device_id);
  if (find(key, visit) != nullptr) lanes_.erase(key);
}

DeviceMessages::Lane* DeviceMessages::find(const Key& key, std::uint64_t visit) {
  const auto found = lanes_.find(key);
  return found == lanes_.end() || found->second.visit != visit ? nullptr : &found->second;
}

void DeviceMessages::want(const Key& key) {
  std::uint64_t visit = 0;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    lane.wanted = true;
    if (std::exchange(lane.asking, true)) return;
    visit = lane.visit;
  }
  run([this, key, visit] { return feed(key, visit); });
}

/// Asks the store until nothing is left, or the device has enough in flight. False: the store failed.
Task<bool> DeviceMessages::feed(Key key, std::uint64_t visit) {
  while (const auto order = next_order(key, visit)) {
    auto batch = co_await store_.take_hub_messages(key, *order);
    if (!batch) {
      log_error("hub.messages-not-read",
                {{"hub", key.hub}, {"device", key.device_id}, {"error", batch.error().detail}});
      give_up(key, visit);
      co_return false;
    }
    if (batch->fed_back) wake_readers(key);
    deliver(key, visit, std::move(batch->messages));
  }
  co_return true;
}

/// The next connection asks again.
void DeviceMessages::give_up(const Key& key, std::uint64_t visit) {
  std::shared_ptr<MessageLink> link;
  {
    const std::scoped_lock lock(mutex_);
    Lane* lane = find(key, visit);
    if (lane == nullptr) return;
    lane->asking = false;
    link = std::move(lane->link);
  }
  if (link) link->end();
}

std::optional<store::HubMessageOrder> DeviceMessages::next_order(const Key& key, std::uint64_t visit) {
  const std::scoped_lock lock(mutex_);
  Lane* lane = find(key, visit);
  if (lane == nullptr) return std::nullopt;
  if (!lane->link || !lane->wanted || lane->in_flight >= settings_.in_flight) {
    lane->asking = false;
    return std::nullopt;
  }
  lane->wanted = false;
  return store::HubMessageOrder{.after = lane->last,
                                .messages = settings_.in_flight - lane->in_flight,
                                .now = clock_.now(),
                                .deliveries = settings_.deliveries};
}

void DeviceMessages::deliver(const Key& key, std::uint64_t visit, std::vector<model::HubMessage> messages) {
  if (messages.empty()) return;
  std::shared_ptr<MessageLink> link;
  {
    const std::scoped_lock lock(mutex_);
    Lane* lane = find(key, visit);
    if (lane == nullptr || !lane->link) return;  // they come again
    lane->last = messages.back().number;
    lane->in_flight += messages.size();
    lane->wanted = true;  // there may be more
    link = lane->link;
  }
  for (model::HubMessage& message : messages) {
    const bool fits = link->deliver(
        {.number = message.number,
         .again = message.deliveries > 1,
         .topic = wire::message_topic(message.device_id, message.properties),
         .payload = std::move(message.body),
         .acknowledged = [this, key, visit, number = message.number] { acknowledged(key, visit, number); }});
    if (!fits) {
      // Their order would be lost: they come again on the next connection.
      link->end();
      return;
    }
  }
}

void DeviceMessages::acknowledged(const Key& key, std::uint64_t visit, std::uint64_t number) {
  {
    const std::scoped_lock lock(mutex_);
    if (Lane* lane = find(key, visit)) --lane->in_flight;
  }
  run([this, key, number] { return complete(key, number); });
  want(key);
}

/// When the store fails, the message comes again.
Task<bool> DeviceMessages::complete(Key key, std::uint64_t number) {
  const auto ended = co_await store_.end_hub_messages(key, number, model::MessageOutcome::kSuccess, clock_.now());
  if (!ended) {
    log_error("hub.message-not-completed",
              {{"hub", key.hub}, {"device", key.device_id}, {"error", ended.error().detail}});
  } else if (ended->fed_back) {
    wake_readers(key);
  }
  co_return ended.has_value();
}

void DeviceMessages::wake_readers(const Key& key) {
  events_.look_again({key.instance, key.hub});
}

}  // namespace muster::hub
