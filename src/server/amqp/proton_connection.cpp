#include "server/amqp/proton_connection.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/logger.h>
#include <proton/session.h>
#include <proton/terminus.h>

#include "server/amqp/proton_values.h"

namespace muster::server::amqp {
namespace {

/// Frames that a session may have under way, as the service tells (device-api.md 7.2); what they amount to is limited
/// by message size and credit.
constexpr std::size_t kSessionWindow = 5000;

std::string text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

LinkId id_of(pn_link_t* link) {
  return reinterpret_cast<LinkId>(pn_link_get_context(link));
}

void write_nothing(std::intptr_t /*context*/, pn_log_subsystem_t /*subsystem*/, pn_log_level_t /*severity*/,
                   const char* /*message*/) {
}

}  // namespace

ProtonConnection::ProtonConnection(const EngineSettings& settings, const std::vector<std::string>& mechanisms)
    : settings_(settings) {
  pn_connection_driver_init(&driver_, nullptr, nullptr);
  // It would write to standard error: warnings as often as peers like, and passwords when the environment switches its
  // frame trace on.
  pn_logger_set_log_sink(pn_transport_logger(transport()), write_nothing, 0);
  pn_logger_reset_mask(pn_transport_logger(transport()), PN_SUBSYSTEM_ALL, PN_LEVEL_ALL);
  pn_transport_set_server(transport());
  pn_transport_set_max_frame(transport(), settings_.max_frame);
  pn_transport_set_channel_max(transport(), settings_.channel_max);
  // Half of it is told to the peer, as section 2.4.5 recommends.
  pn_transport_set_idle_timeout(transport(), static_cast<pn_millis_t>(settings_.idle_time_out.count() * 2));
  sasl_.emplace(transport(), mechanisms, *this);
  pn_connection_set_container(connection(), settings_.container_id.c_str());
  work();
}

ProtonConnection::~ProtonConnection() {
  pn_connection_driver_destroy(&driver_);
}

void ProtonConnection::feed(ByteView unit) {
  while (!unit.empty()) {
    const pn_rwbytes_t buffer = pn_connection_driver_read_buffer_sized(&driver_, unit.size());
    if (buffer.size == 0) return;  // it reads no more
    const std::size_t count = std::min(buffer.size, unit.size());
    std::memcpy(buffer.start, unit.data(), count);
    pn_connection_driver_read_done(&driver_, count);
    unit = unit.subspan(count);
    work();
  }
}

void ProtonConnection::work() {
  for (;;) {
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
    const pn_bytes_t ready = pn_connection_driver_write_buffer(&driver_);
    if (ready.size == 0 && !pn_connection_driver_has_event(&driver_)) return;
    output_.insert(output_.end(), ready.start, ready.start + ready.size);
    pn_connection_driver_write_done(&driver_, ready.size);
  }
}

void ProtonConnection::handle(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN:
      return opened();
    case PN_CONNECTION_REMOTE_CLOSE:
      return close(std::nullopt);
    case PN_SESSION_REMOTE_OPEN:
      pn_session_set_incoming_capacity(pn_event_session(event), kSessionWindow * settings_.max_frame);
      pn_session_set_outgoing_window(pn_event_session(event), std::numeric_limits<std::uint32_t>::max());
      return pn_session_open(pn_event_session(event));
    case PN_SESSION_REMOTE_CLOSE:
      return end(pn_event_session(event));
    case PN_LINK_REMOTE_OPEN:
      return attached(pn_event_link(event));
    case PN_LINK_REMOTE_CLOSE:
      pn_link_close(pn_event_link(event));
      return forget(pn_event_link(event));
    case PN_LINK_REMOTE_DETACH:
      pn_link_detach(pn_event_link(event));
      return forget(pn_event_link(event));
    case PN_DELIVERY:
      return delivered(pn_event_delivery(event));
    default:
      return;
  }
}

void ProtonConnection::opened() {
  const std::chrono::milliseconds wanted(pn_transport_get_remote_idle_timeout(transport()));
  if (wanted.count() > 0 && wanted < settings_.least_idle_time_out) {
    return close(Condition{"amqp:not-allowed", "The idle-time-out is too short."});
  }
  events_.emplace_back(Opened{text_or_empty(pn_connection_remote_hostname(connection()))});
}

void ProtonConnection::attached(pn_link_t* link) {
  const LinkId id = ++last_id_;
  pn_link_set_context(link, reinterpret_cast<void*>(id));
  links_.try_emplace(id, Link{.proton = link});
  const bool peer_sends = pn_link_is_receiver(link);
  pn_terminus_t* ours = peer_sends ? pn_link_remote_target(link) : pn_link_remote_source(link);
  events_.emplace_back(Attached{.link = id,
                                .peer_sends = peer_sends,
                                .address = text_or_empty(pn_terminus_get_address(ours)),
                                .api_version = text_at(pn_link_remote_properties(link), "com.microsoft:api-version")});
}

void ProtonConnection::delivered(pn_delivery_t* delivery) {
  pn_link_t* proton = pn_delivery_link(delivery);
  const auto found = links_.find(id_of(proton));
  if (found == links_.end()) return;
  if (pn_link_is_receiver(proton)) return received(found->first, found->second, delivery);
  if (!pn_delivery_settled(delivery) && pn_delivery_remote_state(delivery) == 0) return;
  std::erase_if(unsettled_, [&](const Delivery& each) { return each.proton == delivery; });
  pn_delivery_settle(delivery);
}

void ProtonConnection::received(LinkId id, Link& link, pn_delivery_t* delivery) {
  if (delivery != pn_link_current(link.proton)) return;  // complete before, and updated now
  if (pn_link_credit(link.proton) < pn_link_queued(link.proton) && !link.closed) {
    close_link(link, {"amqp:link:transfer-limit-exceeded", "There is no credit for this transfer."});
  }
  const std::size_t pending = pn_delivery_pending(delivery);
  if (!link.closed && incomplete() + pending > settings_.max_message) {
    close_link(link, {"amqp:link:message-size-exceeded", "The message is larger than max-message-size."});
  }
  const std::size_t before = link.message.size();
  link.message.resize(before + pending);
  if (pending > 0) pn_link_recv(link.proton, reinterpret_cast<char*>(link.message.data() + before), pending);
  const bool complete = !pn_delivery_partial(delivery);
  if (link.closed) {
    link.message = {};
    link.discarded += pending;
    if (link.discarded > settings_.max_message) close(Condition{"amqp:resource-limit-exceeded", "The link is closed."});
    if (complete) pn_delivery_settle(delivery);
    return;
  }
  if (!complete) return;
  pn_link_advance(link.proton);
  const DeliveryId number = ++last_id_;
  deliveries_.try_emplace(number, Delivery{delivery, id});
  events_.emplace_back(Received{id, number, std::exchange(link.message, {})});
}

std::size_t ProtonConnection::incomplete() const {
  std::size_t octets = 0;
  for (const auto& [id, link] : links_) octets += link.message.size();
  return octets;
}

void ProtonConnection::close_link(Link& link, const Condition& condition) {
  link.closed = true;
  link.message = {};
  set_condition(pn_link_condition(link.proton), condition);
  pn_link_close(link.proton);
}

void ProtonConnection::forget(pn_link_t* link) {
  const LinkId id = id_of(link);
  const auto of_link = [id](const Delivery& each) { return each.link == id; };
  std::erase_if(unsettled_, of_link);
  std::erase_if(deliveries_, [&](const auto& each) { return of_link(each.second); });
  if (links_.erase(id) > 0) events_.emplace_back(Detached{id});
  pn_link_free(link);
}

void ProtonConnection::end(pn_session_t* session) {
  std::vector<pn_link_t*> gone;
  for (const auto& [id, link] : links_) {
    if (pn_link_session(link.proton) == session) gone.push_back(link.proton);
  }
  for (pn_link_t* link : gone) forget(link);
  pn_session_close(session);
  pn_session_free(session);
}

pn_link_t* ProtonConnection::find(LinkId link) {
  const auto found = links_.find(link);
  return found == links_.end() || found->second.closed ? nullptr : found->second.proton;
}

void ProtonConnection::accept(LinkId id) {
  pn_link_t* link = find(id);
  if (link == nullptr) return;
  pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
  pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
  pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
  pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
  pn_link_set_max_message_size(link, settings_.max_message);
  pn_link_open(link);
  work();  // the attach goes before the credit
  if (pn_link_is_receiver(link)) pn_link_flow(link, settings_.credit);
  work();
}

/// An attach without source and target, then a detach with the error: how a link is refused (2.6.3).
void ProtonConnection::refuse(LinkId id, const Condition& condition) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  pn_link_open(found->second.proton);
  work();
  close_link(found->second, condition);
  work();
}

void ProtonConnection::settle(DeliveryId id, const std::optional<Condition>& rejection) {
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end()) return;
  pn_delivery_t* delivery = found->second.proton;
  deliveries_.erase(found);
  if (rejection) set_condition(pn_disposition_condition(pn_delivery_local(delivery)), *rejection);
  pn_delivery_update(delivery, rejection ? PN_REJECTED : PN_ACCEPTED);
  pn_delivery_settle(delivery);
  work();  // before any transfer that follows: clients wait for it first (device-api.md 7.2)
}

bool ProtonConnection::send(LinkId id, ByteView message) {
  pn_link_t* link = find(id);
  // What is queued waits for the session's window: the peer has opened it for nothing more either.
  if (link == nullptr || pn_link_credit(link) <= 0 || pn_link_queued(link) > 0) return false;
  const std::uint64_t number = ++last_id_;
  pn_delivery_t* delivery = pn_delivery(link, pn_dtag(reinterpret_cast<const char*>(&number), sizeof number));
  pn_link_send(link, reinterpret_cast<const char*>(message.data()), message.size());
  pn_link_advance(link);
  if (pn_link_remote_snd_settle_mode(link) == PN_SND_SETTLED) {
    pn_delivery_settle(delivery);
  } else {
    unsettled_.push_back({delivery, id});
  }
  if (unsettled_.size() > settings_.unsettled) {  // the peer never says what became of them
    pn_delivery_settle(unsettled_.front().proton);
    unsettled_.pop_front();
  }
  work();
  return true;
}

void ProtonConnection::drain() {
  bool drained = false;
  for (const auto& [id, link] : links_) {
    if (!pn_link_is_sender(link.proton) || link.closed || !pn_link_get_drain(link.proton)) continue;
    drained = pn_link_drained(link.proton) > 0 || drained;
  }
  if (drained) work();
}

void ProtonConnection::close(const std::optional<Condition>& condition) {
  const bool remote_opened = (pn_connection_state(connection()) & PN_REMOTE_UNINIT) == 0;
  if (condition && !remote_opened) {  // a close frame of the connection would wait for the peer's open
    pn_connection_driver_errorf(&driver_, condition->name.c_str(), "%s", condition->description.c_str());
    pn_connection_driver_read_close(&driver_);
    return;
  }
  if ((pn_connection_state(connection()) & PN_LOCAL_UNINIT) != 0) pn_connection_open(connection());
  if (condition) set_condition(pn_connection_condition(connection()), *condition);
  pn_connection_close(connection());
}

std::string ProtonConnection::failure() const {
  pn_condition_t* condition = pn_transport_condition(driver_.transport);
  return pn_condition_is_set(condition) ? text_or_empty(pn_condition_get_description(condition)) : "";
}

}  // namespace muster::server::amqp
