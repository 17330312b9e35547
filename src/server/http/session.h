#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "server/http/message.h"
#include "server/http/request_reader.h"
#include "server/http/response_writer.h"
#include "server/net/asio.h"
#include "server/net/deadline.h"
#include "server/net/server_counters.h"
#include "server/net/server_options.h"
#include "server/net/stream.h"

namespace muster::server {

/// What all sessions of a server share; everything outlives them.
struct SessionEnvironment {
  HttpHandler& handler;
  const Clock& clock;
  ServerCounters& counters;
  Timeouts timeouts;
  std::size_t head_limit;
};

/// One connection from the handshake of its stream to its end: requests one after the other, answers in their order.
///
/// Lives on the thread of its socket; run() is called once. stop() and cut() are called on that thread.
class Session {
 public:
  /// `peer_address` as HttpRequest shows it.
  Session(std::unique_ptr<Stream> stream, std::string peer_address, const SessionEnvironment& environment);

  asio::awaitable<void> run();

  /// Closes as soon as no request is under way; a request that has begun is read, answered, and the last one.
  void stop();
  /// Ends all waiting on the peer now. A handler that is at work is still waited for.
  void cut();

 private:
  /// Nothing: the peer went away.
  using Incoming = std::expected<HttpRequest, std::optional<Refusal>>;

  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> serve_request();
  asio::awaitable<bool> await_first_octets();
  asio::awaitable<Incoming> read_request(RequestReader& reader);
  asio::awaitable<bool> send_continue();
  asio::awaitable<bool> read_more();
  asio::awaitable<void> refuse(Refusal refusal);
  asio::awaitable<bool> send(const HttpResponse& response, ConnectionHeader connection, BodyOctets body);
  asio::awaitable<bool> send_octets(ByteView octets);
  asio::awaitable<void> close();

  HttpRequest complete(HttpRequest request) const;
  ConnectionHeader connection_after(const RequestReader& reader, const HttpResponse& response) const;
  void on_deadline();

  const SessionEnvironment& environment_;
  std::string peer_address_;
  std::unique_ptr<Stream> stream_;
  Deadline deadline_;
  std::optional<ClientCertificates> client_;
  std::string inbox_;  ///< received, not yet understood
  bool served_one_ = false;
  bool idle_ = true;  ///< no request is under way
  bool timed_out_ = false;
  bool stopping_ = false;
  bool cut_ = false;
};

}  // namespace muster::server
