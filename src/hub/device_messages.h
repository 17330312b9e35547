#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/task.h"
#include "base/thread_executor.h"
#include "hub/event_log.h"

namespace muster::hub {

/// A connection that takes messages. Thread-safe; calls return at once.
class MessageLink {
 public:
  struct Delivery {
    std::uint64_t number = 0;  ///< of the message
    bool again = false;        ///< it went out before
    std::string topic;
    std::string payload;
    std::function<void()> acknowledged;  ///< once, on any thread
  };

  virtual ~MessageLink() = default;
  /// False: there is no room for it.
  virtual bool deliver(Delivery delivery) = 0;
  virtual void end() = 0;
};

/// Messages to devices (hub-api.md 1.4, 3.1): kept in the store until the device has acknowledged them, they expire, or
/// went out too often. A connected device has a few in flight; all others wait in the store alone. Thread-safe.
///
/// Lifecycle: outlives connections and callers. Destruction waits for what is under way.
class DeviceMessages {
 public:
  struct Settings {
    std::size_t waiting = 50;       ///< for one device (hub-api.md 8)
    std::size_t in_flight = 8;      ///< to one device
    std::uint32_t deliveries = 10;  ///< of one message; then it is given up, as in Azure by default
  };

  DeviceMessages(store::Store& store, const Clock& clock, EventLog& events)
      : DeviceMessages(store, clock, events, Settings()) {}
  DeviceMessages(store::Store& store, const Clock& clock, EventLog& events, Settings settings)
      : store_(store), clock_(clock), events_(events), settings_(settings) {}
  ~DeviceMessages();
  DeviceMessages(const DeviceMessages&) = delete;
  DeviceMessages& operator=(const DeviceMessages&) = delete;

  /// Success means that it is on disk. kNotFound for an unknown device, kLimitExceeded when too many wait.
  Task<Result<void>> send(HubName hub, model::HubMessage message);
  /// Drops all that wait for a device; how many.
  Task<Result<std::size_t>> purge(HubName hub, std::string device_id);
  /// Ends what has expired, whether its device comes or not; how many devices it was for.
  Task<Result<std::size_t>> expire();

  /// The device takes messages on this connection, from the oldest that waits, or from where it paused; later visits
  /// have greater numbers.
  void begin(const HubName& hub, const std::string& device_id, std::uint64_t visit, std::shared_ptr<MessageLink> link);
  /// It takes no more for now. Does nothing when another connection has taken over, as the following.
  void pause(const HubName& hub, const std::string& device_id, std::uint64_t visit);
  /// The connection is over.
  void end(const HubName& hub, const std::string& device_id, std::uint64_t visit);

 private:
  using Key = store::HubDeviceKey;
  /// What goes to one connection.
  struct Lane {
    std::uint64_t visit = 0;
    std::shared_ptr<MessageLink> link = {};  ///< null: paused
    std::uint64_t last = 0;                  ///< number of the message that went out last
    std::size_t in_flight = 0;
    bool wanted = false;  ///< something may have come since the store was asked
    bool asking = false;
  };

  static Key key_of(const HubName& hub, const std::string& device_id) { return {hub.instance, hub.host, device_id}; }
  Lane* find(const Key& key, std::uint64_t visit);
  /// Posts a task to the executor; destruction waits for it.
  void run(std::move_only_function<Task<bool>()> make);
  void want(const Key& key);
  Task<bool> feed(Key key, std::uint64_t visit);
  void give_up(const Key& key, std::uint64_t visit);
  std::optional<store::HubMessageOrder> next_order(const Key& key, std::uint64_t visit);
  void deliver(const Key& key, std::uint64_t visit, std::vector<model::HubMessage> messages);
  void acknowledged(const Key& key, std::uint64_t visit, std::uint64_t number);
  Task<bool> complete(Key key, std::uint64_t number);
  void wake_readers(const Key& key);

  store::Store& store_;
  const Clock& clock_;
  EventLog& events_;
  const Settings settings_;
  std::mutex mutex_;  // protects lanes_ and running_
  std::map<Key, Lane> lanes_;
  std::size_t running_ = 0;
  std::condition_variable idle_;

  ThreadExecutor executor_;  // last: what is under way goes on there
};

}  // namespace muster::hub
