#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <proton/connection_driver.h>

#include "server/amqp/engine.h"
#include "server/amqp/proton_sasl.h"

namespace muster::server::amqp {

/// One connection in qpid-proton: its events become ours, what has been decided is put into its objects. For Engine
/// alone.
class ProtonConnection final : public SaslListener {
 public:
  ProtonConnection(const EngineSettings& settings, const std::vector<std::string>& mechanisms);
  ~ProtonConnection() override;
  ProtonConnection(const ProtonConnection&) = delete;
  ProtonConnection& operator=(const ProtonConnection&) = delete;

  void sasl_input(std::optional<std::string> mechanism, Bytes response) override {
    events_.emplace_back(SaslInput{std::move(mechanism), std::move(response)});
  }

  void feed(ByteView unit);
  /// Lets the engine work on what it was told: events and octets come out.
  void work();
  void refuse(LinkId link, const Condition& condition);
  void accept(LinkId link);
  void settle(DeliveryId delivery, const std::optional<Condition>& rejection);
  bool send(LinkId link, ByteView message);
  void drain();
  void close(const std::optional<Condition>& condition);

  [[nodiscard]] std::string failure() const;
  [[nodiscard]] pn_connection_t* connection() { return driver_.connection; }
  [[nodiscard]] pn_transport_t* transport() { return driver_.transport; }
  pn_link_t* find(LinkId link);
  ProtonSasl& sasl() { return *sasl_; }
  std::deque<Event>& events() { return events_; }
  Bytes& output() { return output_; }

 private:
  struct Link {
    pn_link_t* proton = nullptr;
    bool closed = false;        ///< by us
    Bytes message = {};         ///< as far as it has come
    std::size_t discarded = 0;  ///< octets, after closed
  };
  struct Delivery {
    pn_delivery_t* proton = nullptr;
    LinkId link = 0;
  };

  void handle(pn_event_t* event);
  void opened();
  void attached(pn_link_t* link);
  void delivered(pn_delivery_t* delivery);
  void received(LinkId id, Link& link, pn_delivery_t* delivery);
  void close_link(Link& link, const Condition& condition);
  void forget(pn_link_t* link);
  void end(pn_session_t* session);
  [[nodiscard]] std::size_t incomplete() const;

  const EngineSettings settings_;
  pn_connection_driver_t driver_{};
  std::optional<ProtonSasl> sasl_;
  std::deque<Event> events_;
  Bytes output_;
  std::map<LinkId, Link> links_;
  std::map<DeliveryId, Delivery> deliveries_;  ///< of the peer, not settled
  std::deque<Delivery> unsettled_;             ///< ours
  std::uint64_t last_id_ = 0;                  ///< of links and deliveries
};

}  // namespace muster::server::amqp
