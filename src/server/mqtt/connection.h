#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "server/mqtt/owner.h"
#include "server/mqtt/receipts.h"
#include "server/net/connection.h"
#include "wire/mqtt/decode.h"

namespace muster::server::mqtt {

struct MqttSettings {
  std::size_t max_packet = std::size_t{256} * 1024;              ///< octets, header included
  std::size_t max_first_packet = std::size_t{16} * 1024;         ///< of a CONNECT, before anybody knows who it is
  std::chrono::milliseconds silence = std::chrono::minutes(10);  ///< allowed with keep alive 0 (device-api.md 6.2)
  ReceiptLimits receipts = {};
  bool joins_packets = true;  ///< several in one write; off where clients want a message for each (device-api.md 8)
};

/// MQTT 3.1.1 on one connection: CONNECT, then packets one after the other, answered in their order; what the owner
/// sends goes out in between. Nothing is read while a packet is worked on, too many messages wait to be acknowledged,
/// or an answer does not go out, so a client that does not read cannot make anything grow.
class MqttConnection final : public Connection {
 public:
  MqttConnection(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
                 Owner& owner, const MqttSettings& settings, std::string transport);
  ~MqttConnection() override;

 private:
  enum class Next { kGoOn, kEnd };

  asio::awaitable<void> serve() override;
  asio::awaitable<bool> accept_client();
  asio::awaitable<Next> serve_packets();
  asio::awaitable<Next> take(wire::mqtt::Packet packet);
  asio::awaitable<Next> take_publish(wire::mqtt::Publish publish);
  /// Acknowledges what is due; waits while there is no room for more.
  asio::awaitable<Next> settle_receipts();
  asio::awaitable<Next> send_due_receipts();
  /// Waits for what is under way, because it comes back to this thread.
  asio::awaitable<void> finish_receipts();
  asio::awaitable<Next> take_subscribe(wire::mqtt::Subscribe subscribe);
  asio::awaitable<Next> take_unsubscribe(wire::mqtt::Unsubscribe unsubscribe);
  asio::awaitable<Next> flush_outbox();
  /// At once.
  asio::awaitable<Next> send(const wire::mqtt::Packet& packet);
  /// With what else is to go before the client is waited for.
  asio::awaitable<Next> write(const wire::mqtt::Packet& packet);
  asio::awaitable<Next> flush();
  /// The next whole packet of the inbox; nullopt: more octets are needed.
  Result<std::optional<wire::mqtt::Packet>> next_packet(std::size_t limit);
  [[nodiscard]] std::chrono::milliseconds patience() const;

  Owner& owner_;
  const MqttSettings& settings_;
  std::string transport_;
  std::string inbox_;           ///< received
  std::size_t understood_ = 0;  ///< how much of it has been
  Bytes outgoing_;              ///< to be written
  std::uint16_t keep_alive_ = 0;
  std::unique_ptr<Session> session_;
  std::shared_ptr<Outbox> outbox_;
  std::uint64_t attachment_ = 0;
  std::shared_ptr<Receipts> receipts_;
  std::shared_ptr<MqttConnection*> self_;  ///< what the outbox's wake finds this by, while it lives
  bool began_packet_ = false;              ///< the inbox holds the beginning of a packet, whose deadline is running
  bool orderly_ = false;
};

/// MQTT at an endpoint, for one owner.
class MqttProtocol final : public Protocol {
 public:
  /// `owner` outlives this. `transport` as in Newcomer.
  explicit MqttProtocol(Owner& owner, MqttSettings settings = {}, std::string transport = "mqtt")
      : owner_(owner), settings_(settings), transport_(std::move(transport)) {}

  std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                      const ConnectionEnvironment& environment) override;

 private:
  Owner& owner_;
  const MqttSettings settings_;
  const std::string transport_;
};

}  // namespace muster::server::mqtt
