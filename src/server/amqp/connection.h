#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/amqp/engine.h"
#include "server/amqp/frame_gate.h"
#include "server/amqp/owner.h"
#include "server/net/connection.h"

namespace muster::server::amqp {

struct AmqpSettings {
  EngineSettings engine;
  GateLimits gate = {};
};

/// AMQP 1.0 on one connection: protocol headers, SASL, then frames one after the other, each dealt with before the next
/// one is looked at. Nothing is read while something is worked on or does not go out, so a peer that does not read
/// cannot make anything grow.
class AmqpConnection final : public Connection {
 public:
  AmqpConnection(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
                 Owner& owner, const AmqpSettings& settings, std::string transport);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  enum class Next { kGoOn, kEnd };

  struct AttachedLink {
    Link link;
    std::string place;
  };
  struct WaitingResponse {
    LinkId origin = 0;  ///< where the request came
    std::string place;
    Bytes message;
  };

  asio::awaitable<void> serve() override;
  asio::awaitable<bool> accept_header();
  asio::awaitable<Next> serve_units();
  asio::awaitable<Next> await_peer();
  asio::awaitable<void> end(std::optional<Condition> condition);
  asio::awaitable<void> handle_events();
  asio::awaitable<void> handle(SaslInput input);
  asio::awaitable<void> handle(Opened opened);
  asio::awaitable<void> handle(Received received);
  void handle(Attached attached);
  void send_responses();
  bool send_response(const WaitingResponse& response);
  asio::awaitable<bool> flush();
  Instant next_deadline(Instant now);
  void note(std::string_view event, std::string reason);

  Owner& owner_;
  const AmqpSettings& settings_;
  const std::string transport_;
  const Instant begin_ = std::chrono::steady_clock::now();
  FrameGate gate_;
  std::string inbox_;                      ///< received, not yet looked at
  Instant open_by_;                        ///< by when the peer has to open the connection
  std::optional<Instant> frame_deadline_;  ///< for the rest of the frame that has begun
  std::unique_ptr<Session> session_;
  std::unique_ptr<SaslExchange> exchange_;
  std::optional<Engine> engine_;
  std::optional<Condition> refusal_;  ///< of the connection, told in our open
  std::map<LinkId, AttachedLink> links_;
  std::deque<WaitingResponse> responses_;  ///< for credit; credit for requests is given when they have gone
};

/// AMQP at an endpoint, for one owner.
class AmqpProtocol final : public Protocol {
 public:
  /// `owner` outlives this. `transport` as in Newcomer.
  AmqpProtocol(Owner& owner, AmqpSettings settings, std::string transport = "amqp")
      : owner_(owner), settings_(std::move(settings)), transport_(std::move(transport)) {}

  std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                      const ConnectionEnvironment& environment) override;

 private:
  Owner& owner_;
  const AmqpSettings settings_;
  const std::string transport_;
};

}  // namespace muster::server::amqp
