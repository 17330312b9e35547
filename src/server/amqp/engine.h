#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "server/amqp/condition.h"

namespace muster::server::amqp {

struct EngineSettings {
  std::string container_id;
  std::uint32_t max_frame = 64 * 1024;  ///< octets of one frame, either way
  std::uint16_t channel_max = 8191;
  std::chrono::milliseconds idle_time_out = std::chrono::minutes(4);  ///< we tell; a peer may be silent for twice that
  std::chrono::milliseconds least_idle_time_out = std::chrono::seconds(1);  ///< of the peer's that we honour
  std::size_t max_message = std::size_t{256} * 1024;  ///< octets; also of all that are not complete yet
  int credit = 50;                                    ///< of each link to us
  std::size_t unsettled = 64;                         ///< of our messages that may wait for the peer's verdict
};

using LinkId = std::uint64_t;
using DeliveryId = std::uint64_t;

/// The peer's part of SASL; to be answered with challenge() or outcome().
struct SaslInput {
  std::optional<std::string> mechanism;  ///< of its first words
  Bytes response;
};
/// The peer opened the connection; to be answered with open() or open_refusing().
struct Opened {
  std::string host_name;
};
/// The peer attaches a link; to be answered with accept() or refuse().
struct Attached {
  LinkId link;
  bool peer_sends;
  std::string address;      ///< of our end; empty when it named none
  std::string api_version;  ///< property com.microsoft:api-version (device-api.md 7.2)
};
/// A whole message; to be settled with settle().
struct Received {
  LinkId link;
  DeliveryId delivery;
  Bytes message;
};
struct Detached {
  LinkId link;
};

using Event = std::variant<SaslInput, Opened, Attached, Received, Detached>;

class ProtonConnection;

/// AMQP 1.0 on one connection, as the side that is connected to: octets and decisions in, octets and events out. Links
/// are opened by the peer alone. No input or output, no waiting.
///
/// Everything that is fed must have passed a FrameGate. What it does not say itself is said by events, in their order.
class Engine {
 public:
  /// `mechanisms`: of SASL, offered when the peer begins with it.
  Engine(const EngineSettings& settings, const std::vector<std::string>& mechanisms);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// One protocol header or frame.
  void feed(ByteView unit);
  std::optional<Event> next_event();
  /// What is to be sent since the last call: whole frames.
  Bytes take_output();
  /// Nothing more will come out: the connection is closed, or failed.
  [[nodiscard]] bool is_over() const;
  /// Why the engine gave the connection up by itself; empty: it did not.
  [[nodiscard]] std::string failure() const;

  void challenge(ByteView octets);
  void outcome(bool accepted);

  void open();
  /// With property com.microsoft:open-error (device-api.md 7.3 form 1); close() with the same condition follows.
  void open_refusing(const Condition& condition);
  void accept(LinkId link);
  void refuse(LinkId link, const Condition& condition);
  /// Accepted, or rejected with a condition. Does nothing for what is gone.
  void settle(DeliveryId delivery, const std::optional<Condition>& rejection);
  /// The peer may send one message more on this link.
  void grant(LinkId link);
  /// False: the peer has given no credit, or the link is gone.
  bool send(LinkId link, ByteView message);
  /// Gives back the credit that peers want back when there is nothing more to send (2.6.7).
  void drain();
  /// Ends the connection, with an error if there is one.
  void close(const std::optional<Condition>& condition);

  /// Keeps the peer's idle-time-out and ours. `now`: a steady time. Returns when to come again; nullopt: no need.
  std::optional<std::chrono::steady_clock::time_point> tick(std::chrono::steady_clock::time_point now);

 private:
  std::unique_ptr<ProtonConnection> proton_;
};

}  // namespace muster::server::amqp
