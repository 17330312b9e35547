#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "server/net/asio_executor.h"
#include "server/net/connection.h"
#include "server/net/connection_limiter.h"
#include "server/tls/tls_context.h"

namespace muster::server {

/// What the connections of an endpoint have in common, over all threads.
struct EndpointState {
  EndpointState(Protocol& protocol, const Clock& clock, const Timeouts& timeouts)
      : protocol(protocol), environment{clock, counters, timeouts} {}

  Protocol& protocol;
  ServerCounters counters;
  ConnectionEnvironment environment;
};

/// What the threads of a server share; outlives them.
struct ServerState {
  explicit ServerState(const ServerOptions& options) : timeouts(options.timeouts), limiter(options.limits) {
    for (const Endpoint& each : options.endpoints) endpoints.emplace_back(each.protocol, options.clock, timeouts);
  }

  const Timeouts timeouts;
  ConnectionLimiter limiter;
  std::deque<EndpointState> endpoints;
};

/// One thread of the server: its own io_context, acceptors and TLS context; a connection stays with it to its end.
///
/// Lifecycle: made, listen(), start(), stop(), join(). use_context() and stop() may be called from any thread.
class Worker {
 public:
  explicit Worker(ServerState& state);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Binds and listens for the next endpoint of the state, sharing the port with the other workers (SO_REUSEPORT);
  /// returns the port that was bound. kUnavailable names the endpoint and the system's reason.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  /// The TLS context of connections accepted from now on; until there is one they are served without TLS.
  void use_context(std::shared_ptr<const TlsContext> context);
  void start();
  /// Accepts no more, closes idle connections, lets requests under way end within `grace`, then cuts connections. The
  /// thread ends when every handler has.
  void stop(std::chrono::milliseconds grace);
  void join();
  [[nodiscard]] Executor& executor() { return executor_; }

 private:
  /// One endpoint on this thread.
  struct Door {
    Door(asio::io_context& context, EndpointState& endpoint)
        : endpoint(endpoint), acceptor(context), accept_again(context) {}

    EndpointState& endpoint;
    asio::ip::tcp::acceptor acceptor;
    asio::steady_timer accept_again;
  };

  /// A connection that waits for its turn.
  struct Newcomer {
    EndpointState* endpoint;
    asio::ip::tcp::socket socket;
    ConnectionLimiter::Slot slot;
    std::string peer_address;
    std::chrono::steady_clock::time_point accepted;
  };

  asio::awaitable<void> accept_connections(Door& door);
  void accept_what_waits(Door& door);
  static asio::awaitable<void> back_off(Door& door, std::string reason);
  void admit(EndpointState& endpoint, asio::ip::tcp::socket socket, const asio::ip::address& peer);
  asio::awaitable<void> open_newcomers();
  void drop_late_newcomers();
  void open(Newcomer newcomer);
  std::unique_ptr<Stream> make_stream(asio::ip::tcp::socket socket);
  asio::awaitable<void> serve(EndpointState& endpoint, std::unique_ptr<Connection> connection,
                              ConnectionLimiter::Slot slot);
  void stop_here(std::chrono::milliseconds grace);
  void finish_when_empty();
  std::shared_ptr<const TlsContext> context();

  ServerState& state_;
  AsioExecutor executor_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::deque<Door> doors_;
  asio::steady_timer grace_;
  std::deque<Newcomer> newcomers_;
  bool opening_ = false;  ///< open_newcomers() runs
  std::unordered_set<Connection*> connections_;
  bool stopping_ = false;
  std::mutex context_mutex_;  // protects context_
  std::shared_ptr<const TlsContext> context_;
  std::thread thread_;
};

}  // namespace muster::server
