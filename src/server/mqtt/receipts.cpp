#include "server/mqtt/receipts.h"

#include <utility>

namespace muster::server::mqtt {

void Receipts::add(std::size_t octets, std::optional<wire::mqtt::Ack> ack, Session::Rest rest) {
  auto entry = std::make_shared<Entry>(Entry{.ack = ack, .octets = octets});
  octets_ += octets;
  entries_.push_back(entry);
  if (!rest) {
    entry->outcome.emplace();
    return;
  }
  start(*std::move(rest), [self = shared_from_this(), entry = std::move(entry)](Result<void> outcome) {
    self->finish(entry, std::move(outcome));
  });
}

void Receipts::finish(const std::shared_ptr<Entry>& entry, Result<void> outcome) {
  entry->outcome = std::move(outcome);
  if (entries_.empty() || entries_.front() != entry) return;
  if (waiter_) {
    std::exchange(waiter_, {})();
  } else {
    progress_();
  }
}

std::optional<Receipts::Due> Receipts::take() {
  if (entries_.empty() || !entries_.front()->outcome) return std::nullopt;
  const auto entry = std::move(entries_.front());
  entries_.pop_front();
  octets_ -= entry->octets;
  if (!*entry->outcome) return Due(std::unexpected(entry->outcome->error()));
  return Due(entry->ack);
}

asio::awaitable<void> Receipts::wait() {
  if (entries_.front()->outcome) co_return;
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [this](auto handler) { waiter_ = [resume = std::move(handler)]() mutable { std::move(resume)(); }; },
      asio::use_awaitable);
}

}  // namespace muster::server::mqtt
