#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "wire/mqtt/packet.h"

namespace muster::server::mqtt {

/// What may wait for one client.
struct OutboxLimits {
  std::size_t in_flight = 16;                  ///< sent with QoS 1 and not acknowledged
  std::size_t waiting = 100;                   ///< messages, those in flight included
  std::size_t octets = std::size_t{1} << 20U;  ///< of topics and payloads
};

/// The messages for one client: what waits, what was sent and is not acknowledged yet, and which packet ids of the
/// client's own QoS 2 messages are taken. It outlives a connection when its session is kept; the next connection sends
/// again what was not acknowledged (MQTT 3.1.1 section 4.4).
///
/// Any thread may push() and close(); the other functions belong to the connection that is attached.
class Outbox {
 public:
  explicit Outbox(OutboxLimits limits = {}) : limits_(limits) {}

  using Acknowledged = std::function<void()>;

  /// `message` with the QoS it is to be sent with. Without a packet id it is given one later; one that was sent before
  /// has to have the one that it had (4.4). `acknowledged` is called when the client has a message of QoS 1, on its
  /// connection's thread. False: there is no room, its packet id is in use, or the client is away and the message has
  /// QoS 0; it is dropped.
  bool push(wire::mqtt::Publish message, Acknowledged acknowledged = nullptr);
  /// Ends the connection that is attached, if any: another one takes over, or nobody wants the client any more.
  void close();

  /// A connection begins; what is in flight will be sent again. `wake` is called from any thread, until detach()
  /// returns, when there is something to do. The ticket tells this attachment from later ones.
  std::uint64_t attach(std::function<void()> wake);
  /// Does nothing when another connection has taken over.
  void detach(std::uint64_t ticket);
  /// False: this attachment is over, and its connection has to end.
  [[nodiscard]] bool is_attached(std::uint64_t ticket) const;

  /// The next message to be written, nullopt when none may go.
  std::optional<wire::mqtt::Publish> next();
  /// PUBACK. False: no such message is in flight.
  bool acknowledge(std::uint16_t packet_id);

  /// A QoS 2 message came. False: it came before and has been dealt with (4.3.3).
  bool receive(std::uint16_t packet_id) { return received_.insert(packet_id).second; }
  void release(std::uint16_t packet_id) { received_.erase(packet_id); }

 private:
  struct Entry {
    wire::mqtt::Publish message;
    Acknowledged acknowledged;
  };

  static std::size_t size_of(const wire::mqtt::Publish& message) {
    return message.topic.size() + message.payload.size();
  }
  [[nodiscard]] bool is_used(std::uint16_t packet_id) const;
  std::uint16_t free_packet_id();

  const OutboxLimits limits_;
  mutable std::mutex mutex_;  // protects everything below but received_
  std::deque<Entry> in_flight_;
  std::size_t resent_ = 0;  ///< how many of in_flight_ this connection has written
  std::deque<Entry> waiting_;
  std::size_t octets_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::uint64_t ticket_ = 0;
  bool attached_ = false;
  std::function<void()> wake_;
  std::unordered_set<std::uint16_t> received_;
};

}  // namespace muster::server::mqtt
