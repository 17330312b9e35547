#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/task.h"
#include "server/mqtt/owner.h"
#include "server/net/asio.h"

namespace muster::server::mqtt {

/// How much of one client may be taken and not acknowledged yet; beyond it nothing more is read.
struct ReceiptLimits {
  std::size_t messages = 128;
  std::size_t octets = std::size_t{512} * 1024;
};

/// The messages of one client that are taken and have to be acknowledged in their order (MQTT 3.1.1 section 4.6) when
/// what is left to be done with each is done. Belongs to the thread of its connection, which waits until it is empty
/// before it ends.
class Receipts : public std::enable_shared_from_this<Receipts> {
 public:
  /// What is due: the acknowledgement of the oldest message, none for QoS 0, or why there will be none.
  using Due = Result<std::optional<wire::mqtt::Ack>>;

  /// `progress` is called when something is due and nobody waits for it.
  Receipts(std::function<void()> progress, ReceiptLimits limits) : progress_(std::move(progress)), limits_(limits) {}

  /// Begins what is left to be done with a message of so many octets.
  void add(std::size_t octets, std::optional<wire::mqtt::Ack> ack, Session::Rest rest);
  /// The oldest one if it is due.
  std::optional<Due> take();
  [[nodiscard]] bool has_room() const { return entries_.size() < limits_.messages && octets_ < limits_.octets; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// Waits until something is due; not for an empty queue.
  asio::awaitable<void> wait();

 private:
  struct Entry {
    std::optional<wire::mqtt::Ack> ack;
    std::size_t octets = 0;
    std::optional<Result<void>> outcome = {};
  };

  void finish(const std::shared_ptr<Entry>& entry, Result<void> outcome);

  std::function<void()> progress_;
  std::move_only_function<void()> waiter_;
  const ReceiptLimits limits_;
  std::deque<std::shared_ptr<Entry>> entries_;
  std::size_t octets_ = 0;
};

}  // namespace muster::server::mqtt
