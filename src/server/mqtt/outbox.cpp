#include "server/mqtt/outbox.h"

#include <algorithm>
#include <utility>

namespace muster::server::mqtt {

using wire::mqtt::Publish;
using wire::mqtt::Qos;

bool Outbox::push(Publish message) {
  const std::scoped_lock lock(mutex_);
  if (!attached_ && message.qos == Qos::kAtMostOnce) return false;
  const std::size_t size = size_of(message);
  if (waiting_.size() + in_flight_.size() >= limits_.waiting || octets_ + size > limits_.octets) return false;
  octets_ += size;
  waiting_.push_back(std::move(message));
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
  std::erase_if(waiting_, [this](const Publish& message) {
    if (message.qos != Qos::kAtMostOnce) return false;
    octets_ -= size_of(message);
    return true;
  });
}

bool Outbox::is_attached(std::uint64_t ticket) const {
  const std::scoped_lock lock(mutex_);
  return attached_ && ticket == ticket_;
}

std::optional<Publish> Outbox::next() {
  const std::scoped_lock lock(mutex_);
  if (resent_ < in_flight_.size()) return in_flight_[resent_++];
  if (waiting_.empty()) return std::nullopt;
  const bool acknowledged = waiting_.front().qos != Qos::kAtMostOnce;
  if (acknowledged && in_flight_.size() >= limits_.in_flight) return std::nullopt;
  Publish message = std::move(waiting_.front());
  waiting_.pop_front();
  if (!acknowledged) {
    octets_ -= size_of(message);
    return message;
  }
  message.packet_id = free_packet_id();
  in_flight_.push_back(message);
  in_flight_.back().duplicate = true;  // as which it would be sent again
  ++resent_;
  return message;
}

bool Outbox::acknowledge(std::uint16_t packet_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(in_flight_, packet_id, &Publish::packet_id);
  if (found == in_flight_.end()) return false;
  if (static_cast<std::size_t>(found - in_flight_.begin()) < resent_) --resent_;
  octets_ -= size_of(*found);
  in_flight_.erase(found);
  return true;
}

/// Never 0, and none that is in flight; the window is far smaller than the number of ids.
std::uint16_t Outbox::free_packet_id() {
  do {
    ++last_packet_id_;
  } while (last_packet_id_ == 0 ||
           std::ranges::find(in_flight_, last_packet_id_, &Publish::packet_id) != in_flight_.end());
  return last_packet_id_;
}

}  // namespace muster::server::mqtt
