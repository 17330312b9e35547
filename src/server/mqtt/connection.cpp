#include "server/mqtt/connection.h"

#include <utility>

#include "base/log.h"
#include "server/net/await_task.h"
#include "wire/mqtt/encode.h"

namespace muster::server::mqtt {

using wire::mqtt::Ack;
using wire::mqtt::Connack;
using wire::mqtt::Connect;
using wire::mqtt::ConnectReturn;
using wire::mqtt::Packet;
using wire::mqtt::PacketType;
using wire::mqtt::Publish;
using wire::mqtt::Qos;
using wire::mqtt::Signal;
using wire::mqtt::Subscribe;
using wire::mqtt::Unsubscribe;

namespace {

/// Packets are joined up to about one TLS record.
constexpr std::size_t kJoinedOctets = std::size_t{16} * 1024;

}  // namespace

MqttConnection::MqttConnection(std::unique_ptr<Stream> stream, std::string peer_address,
                               const ConnectionEnvironment& environment, Owner& owner, const MqttSettings& settings,
                               std::string transport)
    : Connection(std::move(stream), std::move(peer_address), environment),
      owner_(owner),
      settings_(settings),
      transport_(std::move(transport)),
      receipts_(std::make_shared<Receipts>([this] { wake(); }, settings.receipts)),
      self_(std::make_shared<MqttConnection*>(this)) {
}

MqttConnection::~MqttConnection() {
  *self_ = nullptr;
  if (outbox_) outbox_->detach(attachment_);
}

asio::awaitable<void> MqttConnection::serve() {
  if (!co_await accept_client()) co_return;
  while (co_await serve_packets() == Next::kGoOn) {
  }
  co_await finish_receipts();
  session_->ended(orderly_);
}

/// Reads the CONNECT and answers it; false: nobody came in.
asio::awaitable<bool> MqttConnection::accept_client() {
  deadline().set(environment().timeouts.first_octet);
  Result<std::optional<Packet>> first = std::nullopt;
  for (;;) {
    first = next_packet(settings_.max_first_packet);
    if (!first || *first) break;
    if (!co_await read_more(inbox_)) co_return false;
  }
  deadline().clear();
  ++environment().counters.requests;
  if (!first && first.error().code == ErrorCode::kUnsupported) {
    co_await send(Connack{.code = ConnectReturn::kUnacceptableProtocolVersion});
    co_return false;
  }
  auto* connect = first ? std::get_if<Connect>(&**first) : nullptr;
  if (connect == nullptr) {  // closed without a word (3.1.0, 3.1.4)
    ++environment().counters.refused_requests;
    log_debug("mqtt.refused", {{"peer", peer_address()},
                               {"reason", first ? "The first packet is no CONNECT." : first.error().message}});
    co_return false;
  }
  if (connect->client_id.empty() && !connect->clean_session) {
    co_await send(Connack{.code = ConnectReturn::kIdentifierRejected});
    co_return false;
  }
  keep_alive_ = connect->keep_alive;
  auto accepted = co_await await_task(owner_.connect({std::move(*connect), client(), peer_address(), transport_}));
  if (!accepted) {
    ++environment().counters.refused_requests;
    co_await send(Connack{.code = accepted.error()});
    co_return false;
  }
  session_ = std::move(accepted->session);
  outbox_ = std::move(accepted->outbox);
  attachment_ = outbox_->attach([self = std::weak_ptr(self_), executor = stream().executor()] {
    asio::post(executor, [self] {
      const auto alive = self.lock();
      if (alive && *alive != nullptr) (*alive)->wake();
    });
  });
  const Next sent = co_await send(Connack{.session_present = accepted->session_present});
  if (sent == Next::kEnd) {
    session_->ended(false);
    co_return false;
  }
  session_->began();
  co_return true;
}

/// Everything that has come and everything that is to go, then a wait for more of either.
asio::awaitable<MqttConnection::Next> MqttConnection::serve_packets() {
  for (;;) {
    if (was_cut()) co_return Next::kEnd;
    auto packet = next_packet(settings_.max_packet);
    if (!packet) {
      ++environment().counters.refused_requests;
      log_debug("mqtt.closed", {{"peer", peer_address()}, {"reason", packet.error().message}});
      co_return Next::kEnd;
    }
    if (!*packet) break;
    began_packet_ = false;
    if (co_await take(std::move(**packet)) == Next::kEnd) co_return Next::kEnd;
    if (co_await flush_outbox() == Next::kEnd) co_return Next::kEnd;
  }
  if (co_await send_due_receipts() == Next::kEnd) co_return Next::kEnd;
  if (co_await flush_outbox() == Next::kEnd || !outbox_->is_attached(attachment_)) co_return Next::kEnd;
  if (co_await flush() == Next::kEnd) co_return Next::kEnd;
  // A packet that has begun has to end in time, however its octets trickle in.
  std::optional<std::chrono::milliseconds> within = patience();
  if (!inbox_.empty())
    within = std::exchange(began_packet_, true) ? std::nullopt : std::optional(environment().timeouts.body);
  if (inbox_.empty()) {
    inbox_ = {};
    began_packet_ = false;
  }
  switch (co_await await_octets(within)) {
    case Awaited::kOctets:
      co_return co_await read_more(inbox_) ? Next::kGoOn : Next::kEnd;
    case Awaited::kWake:
      co_return Next::kGoOn;
    case Awaited::kEnd:
      break;
  }
  co_return Next::kEnd;
}

asio::awaitable<MqttConnection::Next> MqttConnection::take(Packet packet) {
  if (auto* publish = std::get_if<Publish>(&packet)) co_return co_await take_publish(std::move(*publish));
  if (auto* subscribe = std::get_if<Subscribe>(&packet)) co_return co_await take_subscribe(std::move(*subscribe));
  if (auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) {
    co_return co_await take_unsubscribe(std::move(*unsubscribe));
  }
  if (const auto* ack = std::get_if<Ack>(&packet)) {
    if (ack->type == PacketType::kPuback) {
      outbox_->acknowledge(ack->packet_id);
      co_return Next::kGoOn;
    }
    if (ack->type == PacketType::kPubrel) {
      outbox_->release(ack->packet_id);
      co_return co_await write(Ack{PacketType::kPubcomp, ack->packet_id});
    }
  }
  if (const auto* signal = std::get_if<Signal>(&packet)) {
    if (signal->type == PacketType::kPingreq) co_return co_await write(Signal{PacketType::kPingresp});
    orderly_ = signal->type == PacketType::kDisconnect;
  }
  co_return Next::kEnd;  // a DISCONNECT, or what no client sends: a second CONNECT, a server's packet (3.1.0, 4.8)
}

namespace {

std::optional<Ack> acknowledgement_of(const Publish& publish) {
  switch (publish.qos) {
    case Qos::kAtMostOnce:
      break;
    case Qos::kAtLeastOnce:
      return Ack{PacketType::kPuback, publish.packet_id};
    case Qos::kExactlyOnce:
      return Ack{PacketType::kPubrec, publish.packet_id};
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<MqttConnection::Next> MqttConnection::take_publish(Publish publish) {
  ++environment().counters.requests;
  const auto ack = acknowledgement_of(publish);
  const std::size_t octets = publish.topic.size() + publish.payload.size();
  Session::Rest rest;
  if (publish.qos != Qos::kExactlyOnce || outbox_->receive(publish.packet_id)) {
    auto taken = co_await await_task(session_->publish(std::move(publish)));
    if (!taken) {
      log_debug("mqtt.closed", {{"peer", peer_address()}, {"reason", taken.error().message}});
      co_return Next::kEnd;
    }
    rest = std::move(*taken);
  }
  receipts_->add(octets, ack, std::move(rest));
  co_return co_await settle_receipts();
}

asio::awaitable<MqttConnection::Next> MqttConnection::settle_receipts() {
  while (co_await send_due_receipts() == Next::kGoOn) {
    if (receipts_->has_room()) co_return Next::kGoOn;
    if (co_await flush() == Next::kEnd) break;
    co_await receipts_->wait();
  }
  co_return Next::kEnd;
}

asio::awaitable<MqttConnection::Next> MqttConnection::send_due_receipts() {
  while (const auto due = receipts_->take()) {
    if (!*due) {
      log_debug("mqtt.closed", {{"peer", peer_address()}, {"reason", due->error().message}});
      co_return Next::kEnd;
    }
    if (**due && co_await write(***due) == Next::kEnd) co_return Next::kEnd;
  }
  co_return Next::kGoOn;
}

asio::awaitable<void> MqttConnection::finish_receipts() {
  while (!receipts_->empty()) {
    co_await receipts_->wait();
    if (co_await send_due_receipts() == Next::kEnd) break;
  }
  // What was kept is acknowledged also when the next message could not be.
  co_await flush();
  while (!receipts_->empty()) {
    co_await receipts_->wait();
    while (receipts_->take()) {
    }
  }
}

asio::awaitable<MqttConnection::Next> MqttConnection::take_subscribe(Subscribe subscribe) {
  wire::mqtt::Suback answer{.packet_id = subscribe.packet_id, .granted = {}};
  for (auto& wanted : subscribe.subscriptions) {
    answer.granted.push_back(co_await await_task(session_->subscribe(std::move(wanted))));
  }
  co_return co_await write(answer);
}

asio::awaitable<MqttConnection::Next> MqttConnection::take_unsubscribe(Unsubscribe unsubscribe) {
  for (auto& filter : unsubscribe.filters) co_await await_task(session_->unsubscribe(std::move(filter)));
  co_return co_await write(Ack{PacketType::kUnsuback, unsubscribe.packet_id});
}

asio::awaitable<MqttConnection::Next> MqttConnection::flush_outbox() {
  while (auto message = outbox_->next()) {
    if (co_await write(*message) == Next::kEnd) co_return Next::kEnd;
  }
  co_return Next::kGoOn;
}

asio::awaitable<MqttConnection::Next> MqttConnection::write(const Packet& packet) {
  wire::mqtt::append(outgoing_, packet);
  if (settings_.joins_packets && outgoing_.size() < kJoinedOctets) co_return Next::kGoOn;
  co_return co_await flush();
}

asio::awaitable<MqttConnection::Next> MqttConnection::flush() {
  if (outgoing_.empty()) co_return Next::kGoOn;
  const Bytes octets = std::exchange(outgoing_, {});
  co_return co_await send_octets(octets) ? Next::kGoOn : Next::kEnd;
}

asio::awaitable<MqttConnection::Next> MqttConnection::send(const Packet& packet) {
  co_return co_await send_octets(wire::mqtt::encode(packet)) ? Next::kGoOn : Next::kEnd;
}

Result<std::optional<Packet>> MqttConnection::next_packet(std::size_t limit) {
  const ByteView octets = as_bytes(inbox_).subspan(understood_);
  const auto header = wire::mqtt::read_fixed_header(octets, limit);
  if (!header) return std::unexpected(header.error());
  if (!*header || octets.size() < (*header)->size + (*header)->body_size) {
    // Only now, and not with every packet: many small ones may have come at once.
    inbox_.erase(0, std::exchange(understood_, 0));
    return std::nullopt;
  }
  auto packet = wire::mqtt::decode(**header, octets.subspan((*header)->size, (*header)->body_size));
  if (!packet) return std::unexpected(packet.error());
  understood_ += (*header)->size + (*header)->body_size;
  return std::move(*packet);
}

/// One and a half times the keep alive (3.1.2.10).
std::chrono::milliseconds MqttConnection::patience() const {
  return keep_alive_ == 0 ? settings_.silence : std::chrono::milliseconds(std::chrono::seconds(keep_alive_)) * 3 / 2;
}

std::unique_ptr<Connection> MqttProtocol::connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                                  const ConnectionEnvironment& environment) {
  return std::make_unique<MqttConnection>(std::move(stream), std::move(peer_address), environment, owner_, settings_,
                                          transport_);
}

}  // namespace muster::server::mqtt
