#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "server/http/message.h"
#include "server/net/server_counters.h"
#include "server/net/server_options.h"

namespace muster::server {

class Worker;
struct ServerState;

/// Listens at endpoints, with TLS unless told otherwise, and runs what is spoken there.
///
/// Lifecycle: start(), then stop() or destruction, which stops without grace. The functions may be called from any
/// thread; stop() and the destructor not from one of the server's own, because they wait for these.
class Server {
 public:
  /// Listens and serves when it returns. Ignores SIGPIPE for the whole process: OpenSSL writes to sockets without
  /// MSG_NOSIGNAL, and a peer that went away must not end the service.
  /// kInvalidArgument for identities (TlsContext::create), address or options; kUnavailable when the port is taken.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options);

  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The TCP port that is bound for an endpoint of the options.
  [[nodiscard]] std::uint16_t port(std::size_t endpoint = 0) const { return ports_.at(endpoint); }
  [[nodiscard]] const ServerCounters& counters(std::size_t endpoint = 0) const;
  /// Its threads; valid until stop().
  [[nodiscard]] std::vector<Executor*> threads();

  /// New connections are served with these identities; open ones keep what they have. Nothing changes on an error.
  /// Only with TLS.
  Result<void> replace_identities(const std::vector<TlsIdentity>& identities);

  /// Accepts no more, closes idle connections, lets requests under way finish within `grace`, cuts the others, and
  /// returns when the threads have ended. A handler that is still at work then is waited for. May be called again.
  void stop(std::chrono::milliseconds grace);

 private:
  explicit Server(const ServerOptions& options);
  Result<void> listen(const Endpoint& endpoint);

  const Clock& clock_;
  std::unique_ptr<ServerState> state_;
  std::vector<std::unique_ptr<Worker>> workers_;  // fixed after construction
  std::vector<std::uint16_t> ports_;              // fixed after start()
};

}  // namespace muster::server
