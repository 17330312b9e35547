#include "muster/device_amqp.h"

#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "model/json.h"
#include "muster/version.h"
#include "wire/amqp/message.h"
#include "wire/amqp/value.h"

namespace muster::cli {
namespace {

using wire::amqp::FrameView;
using wire::amqp::PeerError;
using wire::amqp::Performative;
using wire::amqp::Value;

constexpr std::uint32_t kReceiver = 0;  // handles of the links
constexpr std::uint32_t kSender = 1;
constexpr std::uint32_t kCredit = 50;
constexpr int kOk = 200;
constexpr std::size_t kMaxMessage = std::size_t{1} << 20U;

std::unexpected<Error> out_of_place(std::string_view what) {
  return fail(ErrorCode::kInternal, fmt::format("The service sent AMQP out of place: {}.", what));
}

/// A refusal carries the error body as its description (device-api.md 7.3), whose code begins with the status.
/// kInternal when it does not: then the service speaks of AMQP.
Result<DeviceAnswer> refusal_of(const PeerError& error) {
  constexpr std::int64_t kCodesPerStatus = 1000;
  const auto body = model::parse_json_object(error.description);
  const auto* code = body ? body->if_contains("errorCode") : nullptr;
  const auto* number = code == nullptr ? nullptr : code->if_int64();
  if (number == nullptr) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("The service ended the AMQP exchange: {} ({}).", error.description, error.condition));
  }
  DeviceAnswer out{.status = static_cast<int>(*number / kCodesPerStatus), .body = error.description};
  if (error.retry_after) out.retry_after = std::chrono::seconds(*error.retry_after);
  return out;
}

Result<std::optional<DeviceAnswer>> refused(const std::optional<PeerError>& error) {
  auto answer = refusal_of(error.value_or(PeerError{.condition = "no error", .description = "without a reason"}));
  if (!answer) return std::unexpected(answer.error());
  return *std::move(answer);
}

bool ends_the_exchange(const FrameView& frame) {
  return frame.kind == Performative::kClose || frame.kind == Performative::kEnd || frame.kind == Performative::kDetach;
}

/// Whether the service gives credit on the link that the device sends on.
bool gives_credit(const FrameView& frame) {
  constexpr std::size_t kHandle = 4;
  constexpr std::size_t kLinkCredit = 6;
  if (frame.kind != Performative::kFlow) return false;
  const auto fields = fields_of(frame);
  return fields && fields->size() > kLinkCredit && as_unsigned((*fields)[kHandle]) == kSender &&
         as_unsigned((*fields)[kLinkCredit]).value_or(0) > 0;
}

DeviceAnswer answer_of(wire::amqp::Message message) {
  DeviceAnswer out{.status = kOk};
  if (const auto text = message.property("retry-after")) {
    std::uint32_t seconds = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (read.ec == std::errc()) out.retry_after = std::chrono::seconds(seconds);
  }
  out.body = std::move(message.body);
  return out;
}

std::unique_ptr<SaslClient> plain_of(const DeviceRegistration& device, const Clock& clock) {
  std::string token = device_token(device, clock);
  if (token.empty()) return nullptr;  // the certificate of the TLS handshake says it all
  return std::make_unique<SaslPlain>(fmt::format("{}/registrations/{}", device.id_scope, device.registration_id),
                                     std::move(token));
}

}  // namespace

AmqpDevice::AmqpDevice(const DeviceRegistration& device, OpenChannel open, const Clock& clock)
    : AmqpDevice(device, std::move(open), clock, [&device, &clock] { return plain_of(device, clock); }) {
}

AmqpDevice::~AmqpDevice() {
  if (channel_) static_cast<void>(channel_->send(wire::amqp::close_frame()));  // nobody waits for what comes of it
}

Result<DeviceAnswer> AmqpDevice::request_registration(const std::string& body) {
  return request("iotdps-register", "", body);
}

Result<DeviceAnswer> AmqpDevice::ask_status(const std::string& operation_id) {
  return request("iotdps-get-operationstatus", operation_id, "");
}

Result<DeviceAnswer> AmqpDevice::request(std::string_view operation, std::string_view operation_id,
                                         std::string_view body) {
  if (!channel_) {
    auto connected = connect();
    if (!connected || *connected) channel_.reset();
    if (!connected) return std::unexpected(connected.error());
    if (*connected) return **std::move(connected);
  }
  auto answer = exchange(operation, operation_id, body);
  if (!answer) channel_.reset();
  return answer;
}

AmqpDevice::Progress AmqpDevice::connect() {
  auto octets = open_();
  if (!octets) return std::unexpected(octets.error());
  channel_.emplace(*std::move(octets));
  message_.clear();
  sent_ = 0;
  auto judged = log_in();
  if (!judged || *judged) return judged;
  return open_links();
}

AmqpDevice::Progress AmqpDevice::log_in() {
  const auto sasl = sasl_();
  if (!sasl) return std::nullopt;
  const auto done = authenticate(*channel_, *sasl, device_.host);
  if (!done) return std::unexpected(done.error());
  return std::nullopt;
}

/// All at once, as some SDKs do: nothing of it depends on what the service says.
AmqpDevice::Progress AmqpDevice::open_links() {
  const std::string address = fmt::format("{}/registrations/{}", device_.id_scope, device_.registration_id);
  const std::string version = fmt::format("muster/{}", kVersion);
  wire::amqp::AttachFields link{.name = "receiver",
                                .handle = kReceiver,
                                .receives = true,
                                .address = address,
                                .api_version = device_.api_version,
                                .client_version = version};
  Bytes octets = wire::amqp::protocol_header(wire::amqp::Protocol::kAmqp);
  const auto add = [&octets](const Bytes& frame) { octets.insert(octets.end(), frame.begin(), frame.end()); };
  add(wire::amqp::open_frame(device_.registration_id, device_.host));
  add(wire::amqp::begin_frame());
  add(wire::amqp::attach_frame(link));
  add(wire::amqp::flow_frame(kReceiver, kCredit));
  link.name = "sender";
  link.handle = kSender;
  link.receives = false;
  add(wire::amqp::attach_frame(link));
  if (auto sent = channel_->send(octets); !sent) return std::unexpected(sent.error());
  return wait_for_links();
}

AmqpDevice::Progress AmqpDevice::wait_for_links() {
  for (;;) {
    const auto frame = channel_->receive();
    if (!frame) return std::unexpected(frame.error());
    if (frame->protocol && frame->protocol != wire::amqp::Protocol::kAmqp) return out_of_place("another protocol");
    if (ends_the_exchange(*frame)) return refused(error_of(*frame));
    if (gives_credit(*frame)) return std::nullopt;
  }
}

Result<DeviceAnswer> AmqpDevice::exchange(std::string_view operation, std::string_view operation_id,
                                          std::string_view body) {
  const std::string correlation_id = std::to_string(sent_);
  const Bytes message = wire::amqp::encode_request(
      {.operation = operation, .operation_id = operation_id, .correlation_id = correlation_id, .body = body});
  if (auto sent = channel_->send(wire::amqp::transfer_frame(kSender, sent_, message)); !sent) {
    return std::unexpected(sent.error());
  }
  ++sent_;
  const TimePoint end = clock_.now() + device_.timeout;
  while (clock_.now() <= end) {
    const auto frame = channel_->receive();
    if (!frame) return std::unexpected(frame.error());
    auto answer = take_frame(*frame, correlation_id);
    if (!answer) return std::unexpected(answer.error());
    if (*answer) return **std::move(answer);
  }
  return fail(ErrorCode::kUnavailable, "The service did not answer in time.");
}

AmqpDevice::Progress AmqpDevice::take_frame(const FrameView& frame, const std::string& correlation_id) {
  if (ends_the_exchange(frame)) return refused(error_of(frame));
  if (frame.kind == Performative::kTransfer) return take_transfer(frame, correlation_id);
  if (frame.kind != Performative::kDisposition) return std::nullopt;
  const auto verdict = read_disposition(frame);
  if (!verdict) return out_of_place(verdict.error().message);
  if (*verdict && (*verdict)->rejection) return refused((*verdict)->rejection);
  return std::nullopt;
}

AmqpDevice::Progress AmqpDevice::take_transfer(const FrameView& frame, const std::string& correlation_id) {
  constexpr std::size_t kDeliveryId = 1;
  constexpr std::size_t kSettled = 4;
  constexpr std::size_t kMore = 5;
  const auto fields = fields_of(frame);
  if (!fields || message_.size() + frame.payload.size() > kMaxMessage) return out_of_place("an unusable transfer");
  message_.insert(message_.end(), frame.payload.begin(), frame.payload.end());
  const auto is_set = [&](std::size_t place) {
    return fields->size() > place && as_bool((*fields)[place]).value_or(false);
  };
  if (is_set(kMore)) return std::nullopt;
  const auto delivery = fields->size() > kDeliveryId ? as_unsigned((*fields)[kDeliveryId]) : std::nullopt;
  if (delivery && !is_set(kSettled)) {
    auto sent = channel_->send(wire::amqp::accepted_frame(static_cast<std::uint32_t>(*delivery)));
    if (!sent) return std::unexpected(sent.error());
  }
  auto message = wire::amqp::decode_message(std::exchange(message_, {}));
  if (!message) return out_of_place(message.error().message);
  wire::amqp::Reader reader(message->correlation_id);
  const auto id = reader.next();
  if (!id || as_string(*id) != correlation_id) return std::nullopt;
  return answer_of(*std::move(message));
}

}  // namespace muster::cli
