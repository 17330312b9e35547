#include "server/amqp/connection.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "server/net/await_task.h"

namespace muster::server::amqp {
namespace {

/// What we speak, for a peer that begins with another protocol or version of AMQP (2.2).
// A TPM takes seconds, and Java's client looks only every four seconds for up to a minute whether it is its turn
// (device-api.md 5.4).
constexpr std::chrono::seconds kChallengePatience{120};
constexpr std::string_view kOffered("AMQP\x03\x01\x00\x00", 8);

/// The size of the frame or protocol header that octets of ours begin with.
std::size_t unit_size(ByteView octets) {
  if (as_text(octets.first(4)) == "AMQP") return 8;
  std::size_t size = 0;
  for (const std::uint8_t octet : octets.first(4)) size = size << 8U | octet;
  return size;
}

}  // namespace

AmqpConnection::AmqpConnection(std::unique_ptr<Stream> stream, std::string peer_address,
                               const ConnectionEnvironment& environment, Owner& owner, const AmqpSettings& settings,
                               std::string transport)
    : Connection(std::move(stream), std::move(peer_address), environment),
      owner_(owner),
      settings_(settings),
      transport_(std::move(transport)),
      gate_(settings.gate),
      open_by_(begin_ + environment.timeouts.first_octet) {
}

asio::awaitable<void> AmqpConnection::serve() {
  if (!co_await accept_header()) co_return;
  session_ = owner_.meet({client(), peer_address(), transport_});
  engine_.emplace(settings_.engine, session_->mechanisms().names());
  while (co_await serve_units() == Next::kGoOn) {
  }
}

/// Waits for the first protocol header, before anything is made for the peer; false: it does not speak AMQP.
asio::awaitable<bool> AmqpConnection::accept_header() {
  deadline().set(environment().timeouts.first_octet);
  FrameGate look_ahead(settings_.gate);
  for (;;) {
    const auto size = look_ahead.next(as_bytes(inbox_));
    if (size && *size) break;
    if (!size) {
      ++environment().counters.refused_requests;
      note("amqp.refused", size.error().description);
      if (!look_ahead.is_foreign()) co_await send_octets(as_bytes(kOffered));
      co_return false;
    }
    if (!co_await read_more(inbox_)) co_return false;
  }
  deadline().clear();
  co_return true;
}

/// Everything that has come, then a wait for more.
asio::awaitable<AmqpConnection::Next> AmqpConnection::serve_units() {
  for (;;) {
    co_await handle_events();
    if (was_cut() || !co_await flush()) co_return Next::kEnd;
    if (engine_->is_over()) {
      if (auto reason = engine_->failure(); !reason.empty()) note("amqp.closed", std::move(reason));
      co_return Next::kEnd;
    }
    const auto size = gate_.next(as_bytes(inbox_));
    if (!size) {
      ++environment().counters.refused_requests;
      note("amqp.closed", size.error().description);
      co_await end(size.error());
      co_return Next::kEnd;
    }
    if (!*size) co_return co_await await_peer();
    frame_deadline_.reset();
    if (refusal_) {
      co_await end(refusal_);
      co_return Next::kEnd;
    }
    engine_->feed(as_bytes(inbox_).first(**size));
    inbox_.erase(0, **size);
  }
}

asio::awaitable<AmqpConnection::Next> AmqpConnection::await_peer() {
  const Instant now = std::chrono::steady_clock::now();
  if (inbox_.empty()) inbox_ = {};
  const Instant until = next_deadline(now);
  if (!co_await flush() || engine_->is_over()) co_return Next::kEnd;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  switch (co_await await_octets(std::max(left, std::chrono::milliseconds(1)))) {
    case Awaited::kOctets:
      co_return co_await read_more(inbox_) ? Next::kGoOn : Next::kEnd;
    case Awaited::kWake:
      co_return Next::kGoOn;
    case Awaited::kEnd:
      break;
  }
  if (was_cut()) co_return Next::kEnd;
  if (stopping()) {
    co_await end(Condition{"amqp:connection:forced", "The service stops."});
    co_return Next::kEnd;
  }
  if (!take_timed_out()) co_return Next::kEnd;  // the peer is gone
  const Instant later = std::chrono::steady_clock::now();
  if (refusal_) {
    co_await end(refusal_);
    co_return Next::kEnd;
  }
  const bool too_slow = !gate_.is_open() ? later >= open_by_ : frame_deadline_ && later >= *frame_deadline_;
  if (!too_slow) co_return Next::kGoOn;
  note("amqp.closed", "The peer is too slow.");
  co_return Next::kEnd;
}

/// When to look at the clock again: a peer has to open in time, to end in time the frames that it begins, and to be
/// told that we live (2.4.5).
AmqpConnection::Instant AmqpConnection::next_deadline(Instant now) {
  if (!gate_.is_open()) return open_by_;
  if (refusal_) return now + environment().timeouts.linger;
  Instant until = engine_->tick(now).value_or(now + settings_.engine.idle_time_out);
  if (!inbox_.empty()) {
    if (!frame_deadline_) frame_deadline_ = now + environment().timeouts.body;
    until = std::min(until, *frame_deadline_);
  }
  return until;
}

/// Our last word, as far as it goes out.
asio::awaitable<void> AmqpConnection::end(std::optional<Condition> condition) {
  stream().resume();
  engine_->close(condition);
  co_await flush();
}

asio::awaitable<void> AmqpConnection::handle_events() {
  while (auto event = engine_->next_event()) {
    if (auto* input = std::get_if<SaslInput>(&*event)) co_await handle(std::move(*input));
    if (auto* opened = std::get_if<Opened>(&*event)) co_await handle(std::move(*opened));
    if (auto* attached = std::get_if<Attached>(&*event)) handle(std::move(*attached));
    if (auto* received = std::get_if<Received>(&*event)) co_await handle(std::move(*received));
    if (const auto* detached = std::get_if<Detached>(&*event)) links_.erase(detached->link);
  }
  send_responses();
  engine_->drain();
}

asio::awaitable<void> AmqpConnection::handle(SaslInput input) {
  if (input.mechanism) exchange_ = session_->mechanisms().begin(*input.mechanism);
  SaslStep step;
  if (exchange_) step = co_await await_task(exchange_->step(std::move(input.response)));
  if (step.challenge.size() > kLargestChallenge) step = {};
  switch (step.kind) {
    case SaslStep::Kind::kChallenge:
      engine_->challenge(step.challenge);
      open_by_ = begin_ + std::max<Instant::duration>(environment().timeouts.first_octet, kChallengePatience);
      co_return;
    case SaslStep::Kind::kAccepted:
      engine_->outcome(true);
      gate_.authenticated();
      break;
    case SaslStep::Kind::kRefused:
      ++environment().counters.refused_requests;
      engine_->outcome(false);
      break;
  }
  exchange_.reset();
}

asio::awaitable<void> AmqpConnection::handle(Opened opened) {
  refusal_ = co_await await_task(session_->open(std::move(opened.host_name)));
  if (refusal_) {
    ++environment().counters.refused_requests;
    engine_->open_refusing(*refusal_);
  } else {
    engine_->open();
  }
}

void AmqpConnection::handle(Attached attached) {
  Link link{attached.peer_sends, std::move(attached.address), std::move(attached.api_version)};
  auto place = session_->attach(link);
  if (!place) {
    ++environment().counters.refused_requests;
    engine_->refuse(attached.link, place.error());
    return;
  }
  links_.insert_or_assign(attached.link, AttachedLink{std::move(link), std::move(*place)});
  engine_->accept(attached.link);
}

asio::awaitable<void> AmqpConnection::handle(Received received) {
  const auto found = links_.find(received.link);
  if (found == links_.end()) co_return;
  ++environment().counters.requests;
  auto [link, place] = found->second;
  Verdict verdict = co_await await_task(session_->receive(std::move(link), std::move(received.message)));
  engine_->settle(received.delivery, verdict.rejection);
  if (verdict.response) {
    responses_.push_back({received.link, std::move(place), std::move(*verdict.response)});
  } else {
    engine_->grant(received.link);
  }
}

/// Those whose peer has given credit; the order is kept for each place.
void AmqpConnection::send_responses() {
  for (auto response = responses_.begin(); response != responses_.end();) {
    if (send_response(*response)) {
      engine_->grant(response->origin);
      response = responses_.erase(response);
    } else {
      ++response;
    }
  }
}

bool AmqpConnection::send_response(const WaitingResponse& response) {
  return std::ranges::any_of(links_, [&](const auto& each) {
    const auto& [id, link] = each;
    return !link.link.peer_sends && link.place == response.place && engine_->send(id, response.message);
  });
}

/// Over WebSocket each frame goes out by itself: clients want one in a message (device-api.md 8).
asio::awaitable<bool> AmqpConnection::flush() {
  const Bytes output = engine_->take_output();
  ByteView rest = output;
  while (!rest.empty()) {
    const std::size_t size = transport_ == "amqp-ws" ? std::min(unit_size(rest), rest.size()) : rest.size();
    if (!co_await send_octets(rest.first(size))) co_return false;
    rest = rest.subspan(size);
  }
  co_return true;
}

void AmqpConnection::note(std::string_view event, std::string reason) {
  log_debug(std::string(event), {{"peer", peer_address()}, {"reason", std::move(reason)}});
}

std::unique_ptr<Connection> AmqpProtocol::connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                                  const ConnectionEnvironment& environment) {
  return std::make_unique<AmqpConnection>(std::move(stream), std::move(peer_address), environment, owner_, settings_,
                                          transport_);
}

}  // namespace muster::server::amqp
