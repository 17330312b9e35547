#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/http/message.h"
#include "server/tls/tls_identity.h"

namespace muster::server {

class Protocol;

/// How long a connection may take for each step. Each is a total, not the gap between two octets, so that sending one
/// octet now and then does not keep a connection. Numbers in brackets are sections of device-api.md.
struct Timeouts {
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  std::chrono::milliseconds first_octet = std::chrono::seconds(20);  ///< from the end of the handshake
  std::chrono::milliseconds head = std::chrono::seconds(20);         ///< from the first octet to the end of the head
  std::chrono::milliseconds body = std::chrono::seconds(60);         ///< from the end of the head
  std::chrono::milliseconds idle = std::chrono::seconds(130);        ///< between requests; 2 minutes at least (3.8)
  std::chrono::milliseconds write = std::chrono::seconds(30);        ///< one answer
  std::chrono::milliseconds linger = std::chrono::seconds(2);        ///< for the peer to close after our last answer
};

/// How many connections may be open at once, over all threads.
struct ConnectionLimits {
  std::size_t total = 20'000;
  std::size_t per_peer = 2'000;  ///< one IPv4 address or one IPv6 /64 network
};

/// Where a server listens, and what it speaks there.
struct Endpoint {
  std::string address = "0.0.0.0";  ///< textual IPv4 or IPv6 address; "::" serves both kinds
  std::uint16_t port = 443;         ///< 0: any free one, see Server::port
  Protocol& protocol;               ///< outlives the server
};

struct ServerOptions {
  const Clock& clock;                     ///< for the Date header; outlives the server
  std::vector<Endpoint> endpoints;        ///< one at least
  unsigned threads = 0;                   ///< 0: one per core
  Transport transport = Transport::kTls;  ///< of all endpoints
  std::vector<TlsIdentity> identities;    ///< one, or an ECDSA and an RSA one; none without TLS
  Timeouts timeouts = {};
  ConnectionLimits limits = {};  ///< over all endpoints
};

}  // namespace muster::server
