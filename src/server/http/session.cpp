#include "server/http/session.h"

#include <array>
#include <utility>

#include "base/log.h"
#include "server/net/await_task.h"

namespace muster::server {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// One TLS record's worth, shared by all connections of a thread: what is read moves to its session at once.
std::span<std::uint8_t> read_buffer() {
  thread_local std::array<std::uint8_t, std::size_t{16} * 1024> t_buffer;
  return t_buffer;
}

}  // namespace

Session::Session(std::unique_ptr<Stream> stream, std::string peer_address, const SessionEnvironment& environment)
    : environment_(environment),
      peer_address_(std::move(peer_address)),
      stream_(std::move(stream)),
      deadline_(stream_->executor(), [this] { on_deadline(); }) {
}

asio::awaitable<void> Session::run() {
  if (!co_await shake_hands()) co_return;
  client_ = stream_->client_certificates();
  while (co_await serve_request()) {
  }
  co_await close();
}

void Session::stop() {
  stopping_ = true;
  if (idle_) stream_->interrupt();
}

void Session::cut() {
  stopping_ = true;
  cut_ = true;
  stream_->interrupt();
}

asio::awaitable<bool> Session::shake_hands() {
  deadline_.set(environment_.timeouts.handshake);
  const auto done = co_await stream_->handshake();
  idle_ = false;
  ++(done ? environment_.counters.handshakes_done : environment_.counters.handshakes_failed);
  if (done) co_return true;
  log_debug("tls.handshake_failed",
            {{"peer", peer_address_}, {"reason", timed_out_ ? "too slow" : done.error().detail}});
  co_return false;
}

/// False: the connection is to be closed.
asio::awaitable<bool> Session::serve_request() {
  if (!co_await await_first_octets()) co_return false;
  RequestReader reader(environment_.handler, environment_.head_limit);
  Incoming incoming = co_await read_request(reader);
  if (!incoming) {
    if (incoming.error()) co_await refuse(std::move(*incoming.error()));
    co_return false;
  }
  const BodyOctets body = incoming->method == "HEAD" ? BodyOctets::kOmit : BodyOctets::kSend;
  ++environment_.counters.requests;
  const HttpResponse response = co_await await_task(environment_.handler.handle(complete(std::move(*incoming))));
  const ConnectionHeader connection = connection_after(reader, response);
  co_return co_await send(response, connection, body) && connection != ConnectionHeader::kClose;
}

/// Waits between requests, when most connections spend their time: nothing is held but the session itself.
asio::awaitable<bool> Session::await_first_octets() {
  if (!inbox_.empty()) {
    // The peer sent requests ahead; other connections of this thread get their turn first.
    co_await asio::post(asio::use_awaitable);
    co_return !cut_ && !stopping_;
  }
  if (stopping_) co_return false;
  inbox_ = {};
  deadline_.set(served_one_ ? environment_.timeouts.idle : environment_.timeouts.first_octet);
  idle_ = true;
  const auto readable = co_await stream_->wait_readable();
  idle_ = false;
  if (!readable) co_return false;
  co_return co_await read_more();
}

asio::awaitable<Session::Incoming> Session::read_request(RequestReader& reader) {
  enum class Step { kFirst, kHead, kBody } step = Step::kFirst;
  for (;;) {
    const auto used = reader.feed(inbox_);
    if (!used) co_return std::unexpected(used.error());
    inbox_.erase(0, *used);
    if (reader.complete()) break;
    if (step != Step::kBody && reader.head_complete()) {
      step = Step::kBody;
      deadline_.set(environment_.timeouts.body);
      if (reader.expects_continue() && inbox_.empty() && !co_await send_continue())
        co_return std::unexpected(std::nullopt);
    } else if (step == Step::kFirst) {
      step = Step::kHead;
      deadline_.set(environment_.timeouts.head);
    }
    if (!co_await read_more()) {
      if (timed_out_) co_return std::unexpected(Refusal{408, "Request too slow."});
      co_return std::unexpected(std::nullopt);
    }
  }
  deadline_.clear();
  served_one_ = true;
  co_return reader.take();
}

/// The deadline of the body goes on meanwhile: the client could otherwise stretch it by not reading.
asio::awaitable<bool> Session::send_continue() {
  co_return (co_await stream_->write_all(as_bytes(kContinue))).has_value();
}

asio::awaitable<bool> Session::read_more() {
  const std::span<std::uint8_t> buffer = read_buffer();
  const auto count = co_await stream_->read_some(buffer);
  if (!count || *count == 0) co_return false;
  inbox_.append(as_text(buffer.first(*count)));
  co_return true;
}

asio::awaitable<void> Session::refuse(Refusal refusal) {
  if (cut_) co_return;
  if (timed_out_) stream_->resume();
  timed_out_ = false;
  ++environment_.counters.refused_requests;
  log_debug("http.request_refused", {{"peer", peer_address_}, {"reason", refusal.reason}});
  const HttpResponse response = environment_.handler.refuse(refusal.status, refusal.reason);
  co_await send(response, ConnectionHeader::kClose, BodyOctets::kSend);
}

asio::awaitable<bool> Session::send(const HttpResponse& response, ConnectionHeader connection, BodyOctets body) {
  const std::string text = write_response(response, environment_.clock.now(), connection, body, stream_->transport());
  co_return co_await send_octets(as_bytes(text));
}

asio::awaitable<bool> Session::send_octets(ByteView octets) {
  const auto sent = stream_->write_now(octets);
  if (!sent) co_return false;
  if (*sent == octets.size()) co_return true;
  deadline_.set(environment_.timeouts.write);
  co_return (co_await stream_->write_all(octets.subspan(*sent))).has_value();
}

asio::awaitable<void> Session::close() {
  if (!cut_) stream_->resume();
  stream_->shut_down();
  deadline_.set(environment_.timeouts.linger);
  co_await stream_->drain();
}

HttpRequest Session::complete(HttpRequest request) const {
  request.peer_address = peer_address_;
  request.client = client_;
  return request;
}

ConnectionHeader Session::connection_after(const RequestReader& reader, const HttpResponse& response) const {
  if (response.close || stopping_ || !reader.keep_alive()) return ConnectionHeader::kClose;
  return reader.is_http10() ? ConnectionHeader::kKeepAlive : ConnectionHeader::kNone;
}

void Session::on_deadline() {
  timed_out_ = true;
  stream_->interrupt();
}

}  // namespace muster::server
