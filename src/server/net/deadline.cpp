#include "server/net/deadline.h"

#include <utility>

namespace muster::server {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace

struct Deadline::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, std::function<void()> expired)
      : timer(executor), on_expired(std::move(expired)) {}

  void arm() {
    wakes_at = deadline;
    timer.expires_at(wakes_at);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->wake();
    });
  }

  void wake() {
    wakes_at = SteadyTime::max();
    if (!on_expired || deadline == SteadyTime::max()) return;
    if (std::chrono::steady_clock::now() < deadline) return arm();
    deadline = SteadyTime::max();
    on_expired();
  }

  asio::steady_timer timer;
  std::function<void()> on_expired;  // empty once the owner is gone
  SteadyTime deadline = SteadyTime::max();
  SteadyTime wakes_at = SteadyTime::max();  // max: the timer sleeps
};

Deadline::Deadline(const asio::any_io_executor& executor, std::function<void()> on_expired)
    : state_(std::make_shared<State>(executor, std::move(on_expired))) {
}

Deadline::~Deadline() {
  state_->on_expired = nullptr;
  state_->timer.cancel();
}

void Deadline::set(std::chrono::milliseconds from_now) {
  state_->deadline = std::chrono::steady_clock::now() + from_now;
  if (state_->deadline < state_->wakes_at) state_->arm();
}

void Deadline::clear() {
  state_->deadline = SteadyTime::max();
}

}  // namespace muster::server
