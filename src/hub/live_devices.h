#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "hub/connections.h"
#include "hub/take_overs.h"
#include "model/hub_notice.h"
#include "wire/hub_topic.h"
#include "wire/mqtt/packet.h"

namespace muster::hub {

/// A device's connection, as others reach it. Thread-safe; calls return at once.
class DeviceLink {
 public:
  virtual ~DeviceLink() = default;
  /// False: there is no room for it.
  virtual bool send(std::string topic, std::string payload) = 0;
  virtual void end() = 0;
};

/// Hears when a device can be told of methods. Called without locks held, on any thread.
class ReadyObserver {
 public:
  virtual ~ReadyObserver() = default;
  virtual void ready_for_methods(const HubName& hub, const std::string& device_id) = 0;
};

/// The devices that are connected here, and the subscriptions of those that were and will come back: all SDKs keep
/// their session, and some never subscribe again (hub-api.md 2.4). Thread-safe.
class LiveDevices final : public Connections, public RegistryObserver {
 public:
  explicit LiveDevices(const Clock& clock) : LiveDevices(clock, {}) {}
  LiveDevices(const Clock& clock, TakeOverSettings settings) : clock_(clock), settings_(settings) {}

  void observe(ReadyObserver* observer) { observer_ = observer; }  ///< before the first device comes

  struct Visit {
    std::uint64_t number = 0;
    bool session_present = false;
    bool took_over = false;
    std::optional<wire::mqtt::Qos> messages = {};  ///< the session's subscription to messages
  };
  /// A connection was taken over a moment ago: the device has to come again.
  struct TurnedAway {
    std::optional<model::IdentityContest> notice = {};  ///< when it is time to tell of those who fight for the identity
  };
  /// A device that has proved itself; the connection that it had before ends. `visitor` is who it is at the other end.
  std::expected<Visit, TurnedAway> enter(const HubName& hub, const std::string& device_id,
                                         std::shared_ptr<DeviceLink> link, model::HubVisitor visitor,
                                         bool clean_session);
  /// The device can be sent something on this connection: it may have subscribed before it went.
  void began(const HubName& hub, const std::string& device_id, std::uint64_t visit);
  /// Does nothing when another connection has taken over, as the following; false then.
  bool leave(const HubName& hub, const std::string& device_id, std::uint64_t visit);
  void subscribe(const HubName& hub, const std::string& device_id, std::uint64_t visit, wire::HubFilter filter,
                 wire::mqtt::Qos granted = wire::mqtt::Qos::kAtMostOnce);
  void unsubscribe(const HubName& hub, const std::string& device_id, std::uint64_t visit, wire::HubFilter filter);
  /// The device said something.
  void touch(const HubName& hub, const std::string& device_id);

  /// False: the device is not connected, has not subscribed, or has no room.
  bool send(const HubName& hub, const std::string& device_id, wire::HubFilter filter, std::string topic,
            std::string payload);

  [[nodiscard]] ConnectionState state(const HubName& hub, const std::string& device_id) const override;
  [[nodiscard]] std::size_t connected(const HubName& hub) const override;
  void shut_out(const HubName& hub, const std::string& device_id) override;
  void desired_changed(const HubName& hub, const model::HubDevice& device, const boost::json::object& change) override;

 private:
  using Key = std::pair<std::pair<model::InstanceId, std::string>, std::string>;
  struct Entry {
    std::shared_ptr<DeviceLink> link;  ///< null: not connected
    model::HubVisitor visitor = {};    ///< who has or had it
    std::uint64_t visit = 0;
    bool clean = true;
    std::uint8_t subscriptions = 0;
    wire::mqtt::Qos messages = {};  ///< granted for them
    std::optional<TimePoint> changed = {};
    std::optional<TimePoint> last_activity = {};
    TakeOvers take_overs = {};
  };

  static Key key_of(const HubName& hub, const std::string& device_id) { return {{hub.instance, hub.host}, device_id}; }
  TurnedAway turn_away(Entry& entry, model::HubVisitor visitor, TimePoint now);
  Entry* find(const HubName& hub, const std::string& device_id, std::uint64_t visit);

  const Clock& clock_;
  const TakeOverSettings settings_;
  ReadyObserver* observer_ = nullptr;
  mutable std::mutex mutex_;  // protects everything below
  std::map<Key, Entry> entries_;
  std::uint64_t visits_ = 0;
};

}  // namespace muster::hub
