#include "server/amqp/engine.h"

#include <utility>

#include <proton/connection.h>
#include <proton/link.h>
#include <proton/transport.h>

#include "server/amqp/proton_connection.h"
#include "server/amqp/proton_values.h"

namespace muster::server::amqp {

Engine::Engine(const EngineSettings& settings, const std::vector<std::string>& mechanisms)
    : proton_(std::make_unique<ProtonConnection>(settings, mechanisms)) {
}

Engine::~Engine() = default;

void Engine::feed(ByteView unit) {
  proton_->feed(unit);
}

std::optional<Event> Engine::next_event() {
  auto& events = proton_->events();
  if (events.empty()) return std::nullopt;
  Event event = std::move(events.front());
  events.pop_front();
  return event;
}

Bytes Engine::take_output() {
  return std::exchange(proton_->output(), {});
}

bool Engine::is_over() const {
  return pn_transport_head_closed(proton_->transport());
}

std::string Engine::failure() const {
  return proton_->failure();
}

void Engine::challenge(ByteView octets) {
  proton_->sasl().challenge(octets);
  proton_->work();
}

void Engine::outcome(bool accepted) {
  proton_->sasl().outcome(accepted);
  proton_->work();
}

void Engine::open() {
  pn_connection_open(proton_->connection());
  proton_->work();
}

void Engine::open_refusing(const Condition& condition) {
  put_open_error(pn_connection_properties(proton_->connection()), condition);
  open();
}

void Engine::accept(LinkId link) {
  proton_->accept(link);
}

void Engine::refuse(LinkId link, const Condition& condition) {
  proton_->refuse(link, condition);
}

void Engine::settle(DeliveryId delivery, const std::optional<Condition>& rejection) {
  proton_->settle(delivery, rejection);
}

void Engine::grant(LinkId link) {
  pn_link_t* found = proton_->find(link);
  if (found == nullptr) return;
  pn_link_flow(found, 1);
  proton_->work();
}

bool Engine::send(LinkId link, ByteView message) {
  return proton_->send(link, message);
}

void Engine::drain() {
  proton_->drain();
}

void Engine::close(const std::optional<Condition>& condition) {
  proton_->close(condition);
  proton_->work();
}

std::optional<std::chrono::steady_clock::time_point> Engine::tick(std::chrono::steady_clock::time_point now) {
  using std::chrono::milliseconds;
  const auto since = std::chrono::duration_cast<milliseconds>(now.time_since_epoch());
  const std::int64_t next = pn_transport_tick(proton_->transport(), since.count());
  proton_->work();
  if (next == 0) return std::nullopt;
  return std::chrono::steady_clock::time_point(milliseconds(next));
}

}  // namespace muster::server::amqp
