#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/task.h"
#include "server/amqp/condition.h"
#include "server/amqp/sasl.h"
#include "server/http/message.h"

namespace muster::server::amqp {

/// A peer that connects. Nothing is known of it but what the TLS handshake proved.
struct Newcomer {
  std::optional<ClientCertificates> client;
  std::string peer_address;
  std::string transport;  ///< "amqp" or "amqp-ws"
};

/// A link as its peer wants it.
struct Link {
  bool peer_sends = false;
  std::string address;      ///< of our end; empty: none
  std::string api_version;  ///< empty: none
};

/// What became of a message.
struct Verdict {
  std::optional<Condition> rejection = {};  ///< none: accepted
  std::optional<Bytes> response = {};       ///< goes to the peer on a link of the same place
};

/// What stands behind one connection. Called on the connection's thread, one call at a time; destroyed when the
/// connection is over.
class Session {
 public:
  virtual ~Session() = default;

  /// Lives as long as this.
  virtual SaslMechanisms& mechanisms() = 0;
  /// The peer opens the connection, with SASL done or without it. A condition refuses it.
  virtual Task<std::optional<Condition>> open(std::string host_name) = 0;
  /// The place that a link leads to: responses to what comes on one link go out on another one to the same place.
  virtual std::expected<std::string, Condition> attach(const Link& link) = 0;
  /// A message on a link that was attached.
  virtual Task<Verdict> receive(Link link, Bytes message) = 0;
};

/// Decides what stands behind connections. Thread-safe; outlives them.
class Owner {
 public:
  virtual ~Owner() = default;
  virtual std::unique_ptr<Session> meet(Newcomer newcomer) = 0;
};

}  // namespace muster::server::amqp
