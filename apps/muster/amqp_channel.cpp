#include "muster/amqp_channel.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/amqp/value.h"

namespace muster::cli {
namespace {

using wire::amqp::FrameView;
using wire::amqp::Performative;
using wire::amqp::Value;

constexpr std::size_t kMaxFrame = std::size_t{1} << 20U;

/// Codes of sasl-outcome (AMQP 1.0 section 5.3.3.6).
enum : std::uint64_t { kOk = 0, kAuth = 1, kSystemTemporary = 4 };

std::unexpected<Error> out_of_place(std::string_view what) {
  return fail(ErrorCode::kInternal, fmt::format("The service sent AMQP out of place: {}.", what));
}

/// The first field of a performative.
Result<Value> first_field(const FrameView& frame) {
  const auto fields = fields_of(frame);
  if (!fields || fields->empty()) return out_of_place("a frame without its field");
  return fields->front();
}

/// One symbol, or an array of such with one octet of size each or four (1.6.24).
bool offers(const Value& mechanisms, std::string_view mechanism) {
  if (!mechanisms.is_array()) return as_string(mechanisms) == mechanism;
  return as_text(mechanisms.content).find(mechanism) != std::string_view::npos;
}

Result<void> judge_outcome(const FrameView& frame) {
  const auto field = first_field(frame);
  if (!field) return std::unexpected(field.error());
  const auto code = as_unsigned(*field);
  if (code == kOk) return {};
  if (code == kAuth) return fail(ErrorCode::kUnauthorized, "The service refused the credentials (SASL outcome auth).");
  const ErrorCode kind = code == kSystemTemporary ? ErrorCode::kUnavailable : ErrorCode::kUnauthorized;
  return fail(kind, fmt::format("The service ended SASL with outcome {}.", code.value_or(0)));
}

Result<void> begin(AmqpChannel& channel, SaslClient& client, std::string_view host_name) {
  if (auto sent = channel.send(protocol_header(wire::amqp::Protocol::kSasl)); !sent) return sent;
  const auto header = channel.receive();
  if (!header) return std::unexpected(header.error());
  if (header->protocol != wire::amqp::Protocol::kSasl) return out_of_place("SASL is not offered");
  const auto offer = channel.receive();
  if (!offer) return std::unexpected(offer.error());
  const auto mechanisms = first_field(*offer);
  if (offer->kind != Performative::kSaslMechanisms || !mechanisms) return out_of_place("no SASL mechanisms");
  if (!offers(*mechanisms, client.mechanism())) {
    return fail(ErrorCode::kUnauthorized,
                fmt::format("The service does not offer the SASL mechanism {}.", client.mechanism()));
  }
  auto response = client.first_response();
  if (!response) return std::unexpected(response.error());
  return channel.send(wire::amqp::sasl_init(client.mechanism(), *response, host_name));
}

}  // namespace

Result<FrameView> AmqpChannel::receive() {
  inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
  for (;;) {
    const auto frame = wire::amqp::read_frame(inbox_, kMaxFrame);
    if (!frame) return out_of_place(frame.error().message);
    if (*frame) {
      read_ = (*frame)->size;
      return **frame;
    }
    auto more = octets_->receive();
    if (!more) return std::unexpected(more.error());
    inbox_.insert(inbox_.end(), more->begin(), more->end());
  }
}

Result<Bytes> SaslPlain::first_response() {
  const std::string text = fmt::format("{0}{1}{0}{2}", '\0', user_name_, password_);
  const ByteView octets = as_bytes(text);
  return Bytes(octets.begin(), octets.end());
}

Result<Bytes> SaslPlain::respond(ByteView /*challenge*/) {
  return out_of_place("a challenge to PLAIN");
}

Result<void> authenticate(AmqpChannel& channel, SaslClient& client, std::string_view host_name) {
  if (auto begun = begin(channel, client, host_name); !begun) return begun;
  for (;;) {
    const auto frame = channel.receive();
    if (!frame) return std::unexpected(frame.error());
    if (frame->kind == Performative::kSaslOutcome) return judge_outcome(*frame);
    const auto challenge = first_field(*frame);
    const auto octets = challenge ? as_binary(*challenge) : std::nullopt;
    if (frame->kind != Performative::kSaslChallenge || !octets) return out_of_place("no challenge and no outcome");
    auto response = client.respond(*octets);
    if (!response) return std::unexpected(response.error());
    if (auto sent = channel.send(wire::amqp::sasl_response(*response)); !sent) return sent;
  }
}

}  // namespace muster::cli
