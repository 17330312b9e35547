#include "wire/amqp/frame.h"

#include <utility>
#include <vector>

#include "wire/amqp/encode.h"
#include "wire/amqp/value.h"

namespace muster::wire::amqp {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::string_view kMagic = "AMQP";
constexpr std::uint8_t kAmqpFrame = 0;
constexpr std::uint8_t kSaslFrame = 1;
constexpr std::uint32_t kWindow = 5000;

std::unexpected<Error> malformed() {
  return invalid("The octets are no AMQP.");
}

std::uint8_t number_of(Performative performative) {
  return static_cast<std::uint8_t>(performative);
}

Bytes frame(std::uint8_t type, const Bytes& body, ByteView payload = {}) {
  const std::size_t size = kHeaderSize + body.size() + payload.size();
  Bytes out;
  out.reserve(size);
  for (unsigned shift = 32; shift > 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> (shift - 8U)));
  out.insert(out.end(), {2, type, 0, 0});
  out.insert(out.end(), body.begin(), body.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Bytes frame(Performative performative, std::initializer_list<Bytes> fields, ByteView payload = {}) {
  const bool sasl = performative >= Performative::kSaslMechanisms;
  return frame(sasl ? kSaslFrame : kAmqpFrame, described_value(number_of(performative), list_value(fields)), payload);
}

std::size_t read_size(ByteView octets) {
  std::size_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

std::string text_of(const std::vector<Value>& fields, std::size_t place) {
  return place < fields.size() ? std::string(as_string(fields[place]).value_or("")) : std::string();
}

std::optional<std::int64_t> retry_after_of(const Value& info) {
  const auto items = info.is_map() ? read_items(info) : Result<std::vector<Value>>(std::vector<Value>{});
  if (!items) return std::nullopt;
  for (std::size_t i = 0; i + 1 < items->size(); i += 2) {
    if (as_string((*items)[i]) == "retry-after") return as_integer((*items)[i + 1]);
  }
  return std::nullopt;
}

std::optional<PeerError> read_error(const Value& value) {
  if (value.descriptor != number_of(Performative::kError) || !value.is_list()) return std::nullopt;
  const auto fields = read_items(value);
  if (!fields) return std::nullopt;
  return PeerError{.condition = text_of(*fields, 0),
                   .description = text_of(*fields, 1),
                   .retry_after = fields->size() > 2 ? retry_after_of((*fields)[2]) : std::nullopt};
}

std::optional<PeerError> rejection_of(const Value& state) {
  if (state.descriptor == number_of(Performative::kAccepted)) return std::nullopt;
  if (state.descriptor == number_of(Performative::kRejected)) {
    const auto fields = read_items(state);
    if (fields && !fields->empty()) {
      if (auto error = read_error(fields->front())) return error;
    }
  }
  return PeerError{.condition = "amqp:not-accepted", .description = "The service did not accept the message."};
}

}  // namespace

Bytes protocol_header(Protocol protocol) {
  Bytes out(kMagic.begin(), kMagic.end());
  out.insert(out.end(), {static_cast<std::uint8_t>(protocol), 1, 0, 0});
  return out;
}

Bytes sasl_init(std::string_view mechanism, ByteView response, std::string_view host_name) {
  return frame(Performative::kSaslInit, {symbol_value(mechanism), binary_value(response), string_value(host_name)});
}

Bytes sasl_response(ByteView response) {
  return frame(Performative::kSaslResponse, {binary_value(response)});
}

Bytes sasl_mechanisms(std::string_view mechanism) {
  return frame(Performative::kSaslMechanisms, {symbol_value(mechanism)});
}

Bytes sasl_outcome(std::uint8_t code) {
  return frame(Performative::kSaslOutcome, {ubyte_value(code)});
}

Bytes open_frame(std::string_view container_id, std::string_view host_name) {
  return frame(Performative::kOpen, {string_value(container_id), string_value(host_name)});
}

Bytes begin_frame() {
  return frame(Performative::kBegin, {null_value(), uint_value(0), uint_value(kWindow), uint_value(kWindow)});
}

Bytes attach_frame(const AttachFields& fields) {
  const Bytes none = null_value();
  const Bytes theirs = list_value({string_value(fields.address)});
  const Bytes ours = list_value({});
  const Bytes source = described_value(number_of(Performative::kSource), fields.receives ? theirs : ours);
  const Bytes target = described_value(number_of(Performative::kTarget), fields.receives ? ours : theirs);
  const Bytes first_delivery = fields.receives ? none : uint_value(0);
  const Bytes properties =
      map_value({symbol_value("com.microsoft:api-version"), string_value(fields.api_version),
                 symbol_value("com.microsoft:client-version"), string_value(fields.client_version)});
  return frame(Performative::kAttach,
               {string_value(fields.name), uint_value(fields.handle), bool_value(fields.receives), none, none, source,
                target, none, none, first_delivery, none, none, none, properties});
}

Bytes flow_frame(std::uint32_t handle, std::uint32_t credit) {
  return frame(Performative::kFlow, {uint_value(0), uint_value(kWindow), uint_value(0), uint_value(kWindow),
                                     uint_value(handle), uint_value(0), uint_value(credit)});
}

Bytes transfer_frame(std::uint32_t handle, std::uint32_t delivery_id, ByteView message) {
  const Bytes tag{static_cast<std::uint8_t>(delivery_id)};
  return frame(Performative::kTransfer,
               {uint_value(handle), uint_value(delivery_id), binary_value(tag), uint_value(0), bool_value(false)},
               message);
}

Bytes accepted_frame(std::uint32_t delivery_id) {
  return frame(Performative::kDisposition, {bool_value(true), uint_value(delivery_id), null_value(), bool_value(true),
                                            described_value(number_of(Performative::kAccepted), list_value({}))});
}

Bytes close_frame() {
  return frame(Performative::kClose, {});
}

Result<std::optional<FrameView>> read_frame(ByteView received, std::size_t most) {
  if (received.size() < kHeaderSize) return std::nullopt;
  if (as_text(received.first(kMagic.size())) == kMagic) {
    return FrameView{.size = kHeaderSize, .protocol = static_cast<Protocol>(received[kMagic.size()])};
  }
  const std::size_t size = read_size(received.first(4));
  const std::size_t begin = std::size_t{4} * received[4];
  if (size > most || begin < kHeaderSize || begin > size) return malformed();
  if (received.size() < size) return std::nullopt;
  FrameView out{.size = size};
  Reader reader(received.subspan(begin, size - begin));
  if (reader.at_end()) return out;
  const auto performative = reader.next();
  if (!performative || !performative->descriptor || !performative->is_list()) return malformed();
  out.kind = static_cast<Performative>(*performative->descriptor);
  out.performative = performative->encoded;
  out.payload = reader.rest();
  return out;
}

Result<std::vector<Value>> fields_of(const FrameView& frame) {
  Reader reader(frame.performative);
  const auto value = reader.next();
  if (!value || !value->is_list()) return malformed();
  return read_items(*value);
}

std::optional<PeerError> error_of(const FrameView& frame) {
  const auto fields = fields_of(frame);
  const std::size_t place = frame.kind == Performative::kDetach ? 2 : 0;
  if (!fields || place >= fields->size()) return std::nullopt;
  return read_error((*fields)[place]);
}

Result<std::optional<Verdict>> read_disposition(const FrameView& frame) {
  const auto fields = fields_of(frame);
  if (!fields || frame.kind != Performative::kDisposition || fields->size() < 2) return malformed();
  const auto first = as_unsigned((*fields)[1]);
  if (!first) return malformed();
  const auto last = fields->size() > 2 ? as_unsigned((*fields)[2]) : std::nullopt;
  if (fields->size() < 5 || (*fields)[4].is_null()) return std::nullopt;
  return Verdict{.first = static_cast<std::uint32_t>(*first),
                 .last = static_cast<std::uint32_t>(last.value_or(*first)),
                 .rejection = rejection_of((*fields)[4])};
}

}  // namespace muster::wire::amqp
