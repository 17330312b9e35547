#include "server/http/session.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "server/net/await_task.h"
#include "server/ws/web_socket_stream.h"
#include "wire/ws/upgrade.h"

namespace muster::server {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Session::Session(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
                 HttpHandler& handler, const HttpSettings& settings)
    : Connection(std::move(stream), std::move(peer_address), environment), handler_(handler), settings_(settings) {
}

asio::awaitable<void> Session::serve() {
  // Waited for here: the frame of serve_request() is large, and most of the time nobody asks anything.
  while (co_await await_first_octets() && co_await serve_request()) {
  }
  if (upgraded_) co_await upgraded_->run_established();
}

void Session::stop() {
  Connection::stop();
  if (upgraded_) upgraded_->stop();
}

void Session::cut() {
  Connection::cut();
  if (upgraded_) upgraded_->cut();
}

/// False: the connection is to be closed.
asio::awaitable<bool> Session::serve_request() {
  RequestReader reader(handler_, settings_.head_limit);
  Incoming incoming = co_await read_request(reader);
  if (!incoming) {
    if (incoming.error()) co_await refuse(std::move(*incoming.error()));
    co_return false;
  }
  if (!settings_.sub_protocols.empty() && !reader.is_http10() &&
      wire::ws::asks_for_web_socket(incoming->method, incoming->headers)) {
    co_return co_await upgrade(*incoming);
  }
  const BodyOctets body = incoming->method == "HEAD" ? BodyOctets::kOmit : BodyOctets::kSend;
  ++environment().counters.requests;
  incoming->peer_address = peer_address();
  incoming->client = client();
  const HttpResponse response = co_await await_task(handler_.handle(*incoming));
  const ConnectionHeader connection = connection_after(reader, response);
  co_return co_await send(response, connection, body) && connection != ConnectionHeader::kClose;
}

/// Waits between requests, when nothing is held but the session itself.
asio::awaitable<bool> Session::await_first_octets() {
  if (!inbox_.empty()) {
    // The peer sent requests ahead; other connections of this thread get their turn first.
    co_await asio::post(asio::use_awaitable);
    co_return !was_cut() && !stopping();
  }
  inbox_ = {};
  const Timeouts& timeouts = environment().timeouts;
  const auto within = served_one_ ? timeouts.idle : timeouts.first_octet;
  if (co_await await_octets(within) != Awaited::kOctets) co_return false;
  co_return co_await read_more(inbox_);
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
      deadline().set(environment().timeouts.body);
      if (reader.expects_continue() && inbox_.empty() && !co_await send_continue())
        co_return std::unexpected(std::nullopt);
    } else if (step == Step::kFirst) {
      step = Step::kHead;
      deadline().set(environment().timeouts.head);
    }
    if (!co_await read_more(inbox_)) {
      if (take_timed_out()) co_return std::unexpected(Refusal{408, "Request too slow."});
      co_return std::unexpected(std::nullopt);
    }
  }
  deadline().clear();
  served_one_ = true;
  co_return reader.take();
}

/// The deadline of the body goes on meanwhile: the client could otherwise stretch it by not reading.
asio::awaitable<bool> Session::send_continue() {
  co_return (co_await stream().write_all(as_bytes(kContinue))).has_value();
}

/// Makes the connection one of the sub-protocol, if that can be; false in any case: HTTP is over.
asio::awaitable<bool> Session::upgrade(const HttpRequest& request) {
  std::vector<std::string_view> names;
  names.reserve(settings_.sub_protocols.size());
  for (const SubProtocol& each : settings_.sub_protocols) names.push_back(each.name);
  auto upgrade = wire::ws::answer_upgrade(request.headers, names);
  if (!upgrade) {
    auto& [status, reason, headers] = upgrade.error();
    co_await refuse({status, std::move(reason)}, std::move(headers));
    co_return false;
  }
  const HttpResponse switching{.status = 101, .headers = std::move(upgrade->headers), .body = {}};
  // Nobody is let in while the server stops.
  if (stopping() || !co_await send(switching, ConnectionHeader::kNone, BodyOctets::kOmit)) co_return false;
  const ByteView received = as_bytes(inbox_);
  auto stream = std::make_unique<WebSocketStream>(release_stream(), Bytes(received.begin(), received.end()));
  inbox_ = {};
  Protocol& next = settings_.sub_protocols[upgrade->sub_protocol].protocol;
  upgraded_ = next.connect(std::move(stream), peer_address(), environment());
  if (was_cut()) {
    upgraded_->cut();
  } else if (stopping()) {
    upgraded_->stop();
  }
  co_return false;
}

asio::awaitable<void> Session::refuse(Refusal refusal, std::vector<std::pair<std::string, std::string>> headers) {
  if (was_cut()) co_return;
  ++environment().counters.refused_requests;
  log_debug("http.request_refused", {{"peer", peer_address()}, {"reason", refusal.reason}});
  HttpResponse response = handler_.refuse(refusal.status, refusal.reason);
  std::ranges::move(headers, std::back_inserter(response.headers));
  co_await send(response, ConnectionHeader::kClose, BodyOctets::kSend);
}

asio::awaitable<bool> Session::send(const HttpResponse& response, ConnectionHeader connection, BodyOctets body) {
  const std::string text = write_response(response, environment().clock.now(), connection, body, stream().transport());
  co_return co_await send_octets(as_bytes(text));
}

ConnectionHeader Session::connection_after(const RequestReader& reader, const HttpResponse& response) const {
  if (response.close || stopping() || !reader.keep_alive()) return ConnectionHeader::kClose;
  return reader.is_http10() ? ConnectionHeader::kKeepAlive : ConnectionHeader::kNone;
}

std::unique_ptr<Connection> HttpProtocol::connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                                  const ConnectionEnvironment& environment) {
  return std::make_unique<Session>(std::move(stream), std::move(peer_address), environment, handler_, settings_);
}

}  // namespace muster::server
