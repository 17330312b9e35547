#include "server/net/worker.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "server/net/listener.h"
#include "server/net/plain_stream.h"
#include "server/tls/tls_stream.h"

namespace muster::server {
namespace {

using boost::system::error_code;

// How long to leave new connections in the kernel's queue when it cannot hand one over: descriptors come back within
// such times, and ten tries a second cost nothing.
constexpr auto kAcceptBackOff = std::chrono::milliseconds(100);

// Taken from the kernel in one go. Its queue runs over while the thread is busy, and clients whose first packet is lost
// that way come again after one second, three, seven.
constexpr int kAcceptedAtOnce = 256;
// As long as so many wait they come in their order. When more do, not all will be served in time, and those who came
// last are the ones who still wait for an answer.
constexpr std::size_t kServedInOrder = 64;

/// The peer was gone before we came: no fault of ours, the next one may be taken at once.
bool concerns_one_peer(const error_code& error) {
  return error == asio::error::connection_aborted || error == asio::error::connection_reset ||
         error == asio::error::interrupted || error == asio::error::host_unreachable ||
         error == asio::error::network_unreachable;
}

}  // namespace

Worker::Worker(ServerState& state)
    : state_(state), work_(asio::make_work_guard(executor_.context())), grace_(executor_.context()) {
}

Worker::~Worker() {
  stop(std::chrono::milliseconds(0));
  join();
}

Result<std::uint16_t> Worker::listen(const std::string& address, std::uint16_t port) {
  Door& door = doors_.emplace_back(executor_.context(), state_.endpoints[doors_.size()]);
  return open_listener(door.acceptor, address, port);
}

void Worker::use_context(std::shared_ptr<const TlsContext> context) {
  const std::scoped_lock lock(context_mutex_);
  context_ = std::move(context);
}

void Worker::start() {
  for (Door& door : doors_) asio::co_spawn(executor_.context(), accept_connections(door), asio::detached);
  thread_ = std::thread([this] { executor_.run(); });
}

void Worker::stop(std::chrono::milliseconds grace) {
  asio::post(executor_.context(), [this, grace] { stop_here(grace); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

asio::awaitable<void> Worker::accept_connections(Door& door) {
  while (door.acceptor.is_open()) {
    error_code error;
    asio::ip::tcp::socket socket(executor_.context());
    asio::ip::tcp::endpoint peer;
    co_await door.acceptor.async_accept(socket, peer, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      admit(door.endpoint, std::move(socket), peer.address());
      accept_what_waits(door);
    } else if (door.acceptor.is_open() && !concerns_one_peer(error)) {
      co_await back_off(door, error.message());
    }
  }
}

/// What it cannot take now, accept_connections() meets again.
void Worker::accept_what_waits(Door& door) {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    error_code error;
    asio::ip::tcp::socket socket(executor_.context());
    asio::ip::tcp::endpoint peer;
    door.acceptor.accept(socket, peer, error);
    if (error) return;
    admit(door.endpoint, std::move(socket), peer.address());
  }
}

asio::awaitable<void> Worker::back_off(Door& door, std::string reason) {
  ++door.endpoint.counters.accept_errors;
  log_warning("server.accept_failed", {{"reason", std::move(reason)}});
  door.accept_again.expires_after(kAcceptBackOff);
  error_code ignored;
  co_await door.accept_again.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Worker::admit(EndpointState& endpoint, asio::ip::tcp::socket socket, const asio::ip::address& peer) {
  ++endpoint.counters.accepted;
  auto slot = state_.limiter.admit(peer);
  if (!slot) {
    ++endpoint.counters.refused_by_limit;
    log_debug("server.connection_refused", {{"peer", address_text(peer)}});
    return;
  }
  newcomers_.push_back({.endpoint = &endpoint,
                        .socket = std::move(socket),
                        .slot = std::move(*slot),
                        .peer_address = address_text(peer),
                        .accepted = std::chrono::steady_clock::now()});
  if (std::exchange(opening_, true)) return;
  asio::co_spawn(executor_.context(), open_newcomers(), asio::detached);
}

/// One handshake begins in each round of the thread, after everything else that is ready: those who are further come
/// first, so that a storm is served at the rate that the machine has, instead of all of it running out of time at once.
asio::awaitable<void> Worker::open_newcomers() {
  for (;;) {
    drop_late_newcomers();
    if (newcomers_.empty()) break;
    const bool in_order = newcomers_.size() <= kServedInOrder;
    Newcomer next = std::move(in_order ? newcomers_.front() : newcomers_.back());
    in_order ? newcomers_.pop_front() : newcomers_.pop_back();
    open(std::move(next));
    co_await asio::post(executor_.context(), asio::use_awaitable);
  }
  opening_ = false;
}

/// Nobody waits for them any more, and nothing has been spent on them.
void Worker::drop_late_newcomers() {
  const auto now = std::chrono::steady_clock::now();
  while (!newcomers_.empty() && now - newcomers_.front().accepted > state_.timeouts.handshake) {
    ++newcomers_.front().endpoint->counters.handshakes_failed;
    newcomers_.pop_front();
  }
}

void Worker::open(Newcomer newcomer) {
  error_code ignored;
  newcomer.socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  EndpointState& endpoint = *newcomer.endpoint;
  auto connection = endpoint.protocol.connect(make_stream(std::move(newcomer.socket)), std::move(newcomer.peer_address),
                                              endpoint.environment);
  asio::co_spawn(executor_.context(), serve(endpoint, std::move(connection), std::move(newcomer.slot)), asio::detached);
}

std::unique_ptr<Stream> Worker::make_stream(asio::ip::tcp::socket socket) {
  if (const auto tls = context()) return std::make_unique<TlsStream>(std::move(socket), *tls);
  return std::make_unique<PlainStream>(std::move(socket));
}

asio::awaitable<void> Worker::serve(EndpointState& endpoint, std::unique_ptr<Connection> connection,
                                    ConnectionLimiter::Slot slot) {
  connections_.insert(connection.get());
  if (stopping_) connection->stop();
  ++endpoint.counters.open;
  try {
    co_await connection->run();
  } catch (const std::exception& error) {  // out of memory, or a broken invariant: this connection ends, not the rest
    log_error("server.connection_failed", {{"reason", error.what()}});
  }
  connections_.erase(connection.get());
  connection.reset();
  {
    const ConnectionLimiter::Slot given_back = std::move(slot);
  }
  --endpoint.counters.open;
  finish_when_empty();
}

void Worker::stop_here(std::chrono::milliseconds grace) {
  stopping_ = true;
  error_code ignored;
  for (Door& door : doors_) {
    door.acceptor.close(ignored);
    door.accept_again.cancel();
  }
  newcomers_.clear();
  for (Connection* connection : connections_) connection->stop();
  grace_.expires_after(grace);
  grace_.async_wait([this](error_code error) {
    if (error) return;
    for (Connection* connection : connections_) connection->cut();
  });
  finish_when_empty();
}

void Worker::finish_when_empty() {
  if (!stopping_ || !connections_.empty()) return;
  grace_.cancel();
  work_.reset();
}

std::shared_ptr<const TlsContext> Worker::context() {
  const std::scoped_lock lock(context_mutex_);
  return context_;
}

}  // namespace muster::server
