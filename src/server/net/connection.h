#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "server/http/message.h"
#include "server/net/asio.h"
#include "server/net/deadline.h"
#include "server/net/server_counters.h"
#include "server/net/server_options.h"
#include "server/net/stream.h"

namespace muster::server {

/// What the connections of one endpoint share; everything outlives them.
struct ConnectionEnvironment {
  const Clock& clock;
  ServerCounters& counters;
  const Timeouts& timeouts;
};

/// One accepted connection from the handshake of its stream to its end; what is spoken in between is up to the protocol
/// that made it.
///
/// Lives on the thread of its socket; run() or run_established() is called once. stop() and cut() are called on that
/// thread.
class Connection {
 public:
  /// `peer_address`: textual IP address of the TCP peer, without port.
  Connection(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run();
  /// For a stream whose handshake is over.
  asio::awaitable<void> run_established();

  /// Closes as soon as nothing is under way for the peer.
  virtual void stop();
  /// Ends all waiting on the peer now. What is at work elsewhere is still waited for.
  virtual void cut();

 protected:
  /// Speaks the protocol until one side has had enough.
  virtual asio::awaitable<void> serve() = 0;

  enum class Awaited {
    kOctets,  ///< there is something to read
    kWake,    ///< wake() was called
    kEnd,     ///< the connection is to be closed: it is lost, too slow, or the server stops
  };

  /// Waits for the peer's next words, when most connections spend their time. Without `within` the deadline under way
  /// goes on.
  asio::awaitable<Awaited> await_octets(std::optional<std::chrono::milliseconds> within);
  /// Ends the wait under way, or the next one, with kWake: there is something to say to the peer.
  void wake();
  /// Appends what has arrived to `inbox`; waits when nothing has. False: the peer is gone, or was too slow.
  asio::awaitable<bool> read_more(std::string& inbox);
  /// Within Timeouts::write.
  asio::awaitable<bool> send_octets(ByteView octets);

  [[nodiscard]] Stream& stream() { return *stream_; }
  /// For a protocol that goes on in another one (RFC 9110 section 7.8); this connection is over then.
  std::unique_ptr<Stream> release_stream() { return std::move(stream_); }
  [[nodiscard]] Deadline& deadline() { return deadline_; }
  [[nodiscard]] const ConnectionEnvironment& environment() const { return environment_; }
  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }
  /// What the peer proved in the handshake.
  [[nodiscard]] const std::optional<ClientCertificates>& client() const { return client_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] bool was_cut() const { return cut_; }
  /// Whether the deadline has passed since the last call.
  bool take_timed_out();

 private:
  asio::awaitable<bool> shake_hands();
  asio::awaitable<void> close();
  void on_deadline();

  const ConnectionEnvironment& environment_;
  std::string peer_address_;
  std::unique_ptr<Stream> stream_;
  Deadline deadline_;
  std::optional<ClientCertificates> client_;
  bool idle_ = true;  ///< nothing is under way
  bool woken_ = false;
  bool timed_out_ = false;
  bool stopping_ = false;
  bool cut_ = false;
};

/// What is spoken at an endpoint. Thread-safe; outlives the server.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                              const ConnectionEnvironment& environment) = 0;
};

}  // namespace muster::server
