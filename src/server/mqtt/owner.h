#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "server/http/message.h"
#include "server/mqtt/outbox.h"
#include "wire/mqtt/packet.h"

namespace muster::server::mqtt {

/// A client that wants in.
struct Newcomer {
  wire::mqtt::Connect connect;
  std::optional<ClientCertificates> client;  ///< what it proved in the TLS handshake
  std::string peer_address;
  std::string transport;  ///< "mqtt" or "mqtt-ws"
};

/// What stands behind one connection. Called on the connection's thread, one call at a time; destroyed when the
/// connection is over.
class Session {
 public:
  virtual ~Session() = default;

  /// The client has been told that it is in, and can be sent something.
  virtual void began() {}
  /// The granted QoS, or kSubscribeFailure.
  virtual Task<std::uint8_t> subscribe(wire::mqtt::Subscription wanted) = 0;
  virtual Task<bool> unsubscribe(std::string filter) = 0;
  /// What is still to be done with a message before it is acknowledged, while the next one is taken already; it refers
  /// to nothing of the session. None: it is done.
  using Rest = std::optional<Task<Result<void>>>;
  /// A message from the client. The rests of several messages are begun in their order and may be under way together.
  /// An error, here or of the rest, ends the connection, which is all that MQTT 3.1.1 has for a refusal (3.3.5.2).
  virtual Task<Result<Rest>> publish(wire::mqtt::Publish message) = 0;
  /// The connection ends; `orderly`: by a DISCONNECT, after which nobody hears of the client's will (3.1.2.5).
  virtual void ended(bool /*orderly*/) {}
};

struct Accepted {
  std::unique_ptr<Session> session;
  std::shared_ptr<Outbox> outbox;  ///< what the session sends to the client
  bool session_present = false;
};

/// Decides who may connect, and to what. Thread-safe; outlives the connections.
class Owner {
 public:
  virtual ~Owner() = default;
  virtual Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) = 0;
};

}  // namespace muster::server::mqtt
