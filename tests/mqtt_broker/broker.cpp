#include "broker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wire/mqtt/topic.h"

namespace muster::server::mqtt {

using wire::mqtt::Connect;
using wire::mqtt::ConnectReturn;
using wire::mqtt::Publish;
using wire::mqtt::Qos;
using wire::mqtt::Subscription;

namespace {

/// What nobody may subscribe to, so that clients can be tested for how they take it (3.9.3).
constexpr std::string_view kForbidden = "test/nosubscribe";

constexpr OutboxLimits kRoom{.in_flight = 20, .waiting = 10'000, .octets = std::size_t{64} << 20U};

}  // namespace

/// A client and its session, which may outlive its connection.
struct Broker::Client {
  std::string id;
  bool clean = true;
  std::optional<wire::mqtt::Will> will;
  std::map<std::string, Qos, std::less<>> subscriptions;
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>(kRoom);
  std::uint64_t visit = 0;  ///< of the connection it has now
};

/// One connection of a client.
class Broker::ClientSession final : public Session {
 public:
  ClientSession(Broker& broker, std::shared_ptr<Client> client, std::uint64_t visit)
      : broker_(broker), client_(std::move(client)), visit_(visit) {}

  Task<std::uint8_t> subscribe(Subscription wanted) override {
    if (wanted.filter == kForbidden) co_return wire::mqtt::kSubscribeFailure;
    wanted.qos = std::min(wanted.qos, Qos::kAtLeastOnce);
    const std::scoped_lock lock(broker_.mutex_);
    broker_.subscribe(*client_, wanted);
    co_return static_cast<std::uint8_t>(wanted.qos);
  }

  Task<bool> unsubscribe(std::string filter) override {
    const std::scoped_lock lock(broker_.mutex_);
    co_return client_->subscriptions.erase(filter) > 0;
  }

  Task<Result<Rest>> publish(Publish message) override {
    const std::scoped_lock lock(broker_.mutex_);
    broker_.publish(message);
    co_return Rest();
  }

  void ended(bool orderly) override { broker_.leave(client_, visit_, orderly); }

 private:
  Broker& broker_;
  std::shared_ptr<Client> client_;
  const std::uint64_t visit_;
};

Broker::Broker() = default;
Broker::~Broker() = default;

Task<std::expected<Accepted, ConnectReturn>> Broker::connect(Newcomer newcomer) {
  Connect& connect = newcomer.connect;
  const std::scoped_lock lock(mutex_);
  ++visits_;
  if (connect.client_id.empty()) connect.client_id = fmt::format("anonymous-{}", visits_);
  auto& known = clients_[connect.client_id];
  const bool present = known && !known->clean && !connect.clean_session;
  if (!present) {
    if (known) known->outbox->close();  // takes over from a connection whose session ends with it (3.1.4)
    known = std::make_shared<Client>();
    known->id = connect.client_id;
  }
  known->clean = connect.clean_session;
  known->will = std::move(connect.will);
  known->visit = visits_;
  co_return Accepted{std::make_unique<ClientSession>(*this, known, visits_), known->outbox, present};
}

/// Retained messages come with a new subscription, and again when it is repeated (3.8.4).
void Broker::subscribe(Client& client, const Subscription& wanted) {
  client.subscriptions[wanted.filter] = wanted.qos;
  for (const auto& [topic, kept] : retained_) {
    if (!wire::mqtt::matches(wanted.filter, topic)) continue;
    Publish message = kept;
    message.qos = std::min(kept.qos, wanted.qos);
    client.outbox->push(std::move(message));
  }
}

/// Once to each client, however many of its subscriptions match (3.3.5).
void Broker::publish(const Publish& message) {
  if (message.retain) {
    retained_.erase(message.topic);
    if (!message.payload.empty()) {
      retained_[message.topic] = {
          .topic = message.topic, .payload = message.payload, .qos = message.qos, .retain = true};
    }
  }
  for (const auto& [id, client] : clients_) {
    std::optional<Qos> granted;
    for (const auto& [filter, qos] : client->subscriptions) {
      if (wire::mqtt::matches(filter, message.topic)) granted = std::max(granted.value_or(qos), qos);
    }
    if (!granted) continue;
    client->outbox->push({.topic = message.topic, .payload = message.payload, .qos = std::min(message.qos, *granted)});
  }
}

void Broker::leave(const std::shared_ptr<Client>& client, std::uint64_t visit, bool orderly) {
  const std::scoped_lock lock(mutex_);
  if (client->visit != visit) return;  // another connection has taken over the session, and its will
  if (const auto will = std::exchange(client->will, std::nullopt); will && !orderly) {
    publish({.topic = will->topic, .payload = will->payload, .qos = will->qos, .retain = will->retain});
  }
  const auto known = clients_.find(client->id);
  if (client->clean && known != clients_.end() && known->second == client) clients_.erase(known);
}

}  // namespace muster::server::mqtt
