#include "server/mqtt/outbox.h"

#include <algorithm>
#include <utility>

namespace muster::server::mqtt {

using wire::mqtt::Publish;
using wire::mqtt::Qos;

bool Outbox::push(Publish message, Acknowledged acknowledged) {
  const std::scoped_lock lock(mutex_);
  if (!attached_ && message.qos == Qos::kAtMostOnce) return false;
  const std::size_t size = size_of(message);
  if (waiting_.size() + in_flight_.size() >= limits_.waiting || octets_ + size > limits_.octets) return false;
  if (message.packet_id != 0 && is_used(message.packet_id)) return false;
  octets_ += size;
  waiting_.push_back({std::move(message), std::move(acknowledged)});
  if (wake_) wake_();
  return true;
}

void Outbox::close() {
  const std::scoped_lock lock(mutex_);
  attached_ = false;
  if (wake_) wake_();
  wake_ = nullptr;
}

std::uint64_t Outbox::attach(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  if (wake_) wake_();  // the one before sees that it is over
  attached_ = true;
  wake_ = std::move(wake);
  resent_ = 0;
  return ++ticket_;
}

void Outbox::detach(std::uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  if (ticket != ticket_) return;
  attached_ = false;
  wake_ = nullptr;
  // Nobody waits for QoS 0 messages beyond a connection.
  std::erase_if(waiting_, [this](const Entry& entry) {
    if (entry.message.qos != Qos::kAtMostOnce) return false;
    octets_ -= size_of(entry.message);
    return true;
  });
}

bool Outbox::is_attached(std::uint64_t ticket) const {
  const std::scoped_lock lock(mutex_);
  return attached_ && ticket == ticket_;
}

std::optional<Publish> Outbox::next() {
  const std::scoped_lock lock(mutex_);
  if (resent_ < in_flight_.size()) return in_flight_[resent_++].message;
  if (waiting_.empty()) return std::nullopt;
  const bool acknowledged = waiting_.front().message.qos != Qos::kAtMostOnce;
  if (acknowledged && in_flight_.size() >= limits_.in_flight) return std::nullopt;
  Entry entry = std::move(waiting_.front());
  waiting_.pop_front();
  if (!acknowledged) {
    octets_ -= size_of(entry.message);
    return std::move(entry.message);
  }
  if (entry.message.packet_id == 0) entry.message.packet_id = free_packet_id();
  Publish message = entry.message;
  in_flight_.push_back(std::move(entry));
  in_flight_.back().message.duplicate = true;  // as which it would be sent again
  ++resent_;
  return message;
}

bool Outbox::acknowledge(std::uint16_t packet_id) {
  Acknowledged acknowledged;
  {
    const std::scoped_lock lock(mutex_);
    const auto found =
        std::ranges::find(in_flight_, packet_id, [](const Entry& entry) { return entry.message.packet_id; });
    if (found == in_flight_.end()) return false;
    if (static_cast<std::size_t>(found - in_flight_.begin()) < resent_) --resent_;
    octets_ -= size_of(found->message);
    acknowledged = std::move(found->acknowledged);
    in_flight_.erase(found);
  }
  if (acknowledged) acknowledged();
  return true;
}

bool Outbox::is_used(std::uint16_t packet_id) const {
  const auto has_id = [packet_id](const Entry& entry) { return entry.message.packet_id == packet_id; };
  return std::ranges::any_of(in_flight_, has_id) || std::ranges::any_of(waiting_, has_id);
}

/// Never 0; the window is far smaller than the number of ids.
std::uint16_t Outbox::free_packet_id() {
  do {
    ++last_packet_id_;
  } while (last_packet_id_ == 0 || is_used(last_packet_id_));
  return last_packet_id_;
}

}  // namespace muster::server::mqtt
