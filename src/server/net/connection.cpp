#include "server/net/connection.h"

#include <utility>

#include "base/log.h"
#include "server/net/read_buffer.h"

namespace muster::server {
Connection::Connection(std::unique_ptr<Stream> stream, std::string peer_address,
                       const ConnectionEnvironment& environment)
    : environment_(environment),
      peer_address_(std::move(peer_address)),
      stream_(std::move(stream)),
      deadline_(stream_->executor(), [this] { on_deadline(); }) {
}

asio::awaitable<void> Connection::run() {
  if (co_await shake_hands()) co_await run_established();
}

asio::awaitable<void> Connection::run_established() {
  idle_ = false;
  client_ = stream_->client_certificates();
  co_await serve();
  if (stream_) co_await close();
}

void Connection::stop() {
  stopping_ = true;
  if (idle_ && stream_) stream_->interrupt();
}

void Connection::cut() {
  stopping_ = true;
  cut_ = true;
  if (stream_) stream_->interrupt();
}

bool Connection::take_timed_out() {
  if (!std::exchange(timed_out_, false)) return false;
  stream_->resume();
  return true;
}

asio::awaitable<bool> Connection::shake_hands() {
  deadline_.set(environment_.timeouts.handshake);
  const auto done = co_await stream_->handshake();
  ++(done ? environment_.counters.handshakes_done : environment_.counters.handshakes_failed);
  if (done) co_return true;
  log_debug("tls.handshake_failed",
            {{"peer", peer_address_}, {"reason", timed_out_ ? "too slow" : done.error().detail}});
  co_return false;
}

asio::awaitable<Connection::Awaited> Connection::await_octets(std::optional<std::chrono::milliseconds> within) {
  if (stopping_) co_return Awaited::kEnd;
  if (std::exchange(woken_, false)) co_return Awaited::kWake;
  if (within) deadline_.set(*within);
  idle_ = true;
  const auto readable = co_await stream_->wait_readable();
  idle_ = false;
  const bool woken = std::exchange(woken_, false);
  if (readable) co_return Awaited::kOctets;
  if (!woken || timed_out_ || stopping_) co_return Awaited::kEnd;
  stream_->resume();
  co_return Awaited::kWake;
}

void Connection::wake() {
  woken_ = true;
  if (idle_ && stream_) stream_->interrupt();
}

asio::awaitable<bool> Connection::read_more(std::string& inbox) {
  const std::span<std::uint8_t> buffer = read_buffer();
  const auto count = co_await stream_->read_some(buffer);
  if (!count || *count == 0) co_return false;
  inbox.append(as_text(buffer.first(*count)));
  co_return true;
}

asio::awaitable<bool> Connection::send_octets(ByteView octets) {
  const auto sent = stream_->write_now(octets);
  if (!sent) co_return false;
  if (*sent == octets.size()) co_return true;
  deadline_.set(environment_.timeouts.write);
  const auto done = co_await stream_->write_all(octets.subspan(*sent));
  if (done) deadline_.clear();
  co_return done.has_value();
}

asio::awaitable<void> Connection::close() {
  if (!cut_) stream_->resume();
  stream_->shut_down();
  deadline_.set(environment_.timeouts.linger);
  co_await stream_->drain();
}

void Connection::on_deadline() {
  timed_out_ = true;
  if (stream_) stream_->interrupt();
}

}  // namespace muster::server
