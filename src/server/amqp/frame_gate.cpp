#include "server/amqp/frame_gate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace muster::server::amqp {
namespace {

using wire::amqp::Value;

constexpr std::size_t kHeaderSize = 8;  // of the protocol and of each frame
constexpr std::string_view kSaslHeader("AMQP\x03\x01\x00\x00", kHeaderSize);
constexpr std::string_view kAmqpHeader("AMQP\x00\x01\x00\x00", kHeaderSize);
constexpr std::uint8_t kAmqpFrame = 0;
constexpr std::uint8_t kSaslFrame = 1;
constexpr std::uint32_t kHandleMax = 0x7fffffff;
constexpr std::size_t kLongestTag = 32;  // 2.8.7

enum : std::uint64_t {  // performatives: 2.7, 5.3.3
  kOpen = 0x10,
  kBegin = 0x11,
  kAttach = 0x12,
  kFlow = 0x13,
  kTransfer = 0x14,
  kDisposition = 0x15,
  kDetach = 0x16,
  kEnd = 0x17,
  kClose = 0x18,
  kSaslInit = 0x41,
  kSaslResponse = 0x43,
};

std::unexpected<Condition> framing_error(std::string description) {
  return std::unexpected(Condition{"amqp:connection:framing-error", std::move(description)});
}
std::unexpected<Condition> invalid_field(std::string description) {
  return std::unexpected(Condition{"amqp:invalid-field", std::move(description)});
}
std::unexpected<Condition> not_allowed(std::string description) {
  return std::unexpected(Condition{"amqp:not-allowed", std::move(description)});
}
std::unexpected<Condition> not_implemented(std::string description) {
  return std::unexpected(Condition{"amqp:not-implemented", std::move(description)});
}
std::unexpected<Condition> too_much(std::string description) {
  return std::unexpected(Condition{"amqp:resource-limit-exceeded", std::move(description)});
}

/// What is left out, null, or of a type that no field has (described), counts as absent.
const Value& field(const std::vector<Value>& fields, std::size_t place) {
  static const Value absent;
  return place < fields.size() && !fields[place].described ? fields[place] : absent;
}

/// Of the type uint, and of no other: the engine would take another one for absent.
std::optional<std::uint32_t> uint_field(const std::vector<Value>& fields, std::size_t place) {
  const Value& value = field(fields, place);
  if (value.code != 0x43 && value.code != 0x52 && value.code != 0x70) return std::nullopt;
  return static_cast<std::uint32_t>(as_unsigned(value).value_or(0));
}

/// Absent is false.
std::optional<bool> bool_field(const std::vector<Value>& fields, std::size_t place) {
  const Value& value = field(fields, place);
  return value.is_null() ? false : as_bool(value);
}

std::uint32_t read_number(ByteView octets) {
  std::uint32_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

}  // namespace

std::expected<std::optional<std::size_t>, Condition> FrameGate::next(ByteView received) {
  const auto passed = [](Verdict verdict, std::size_t size) -> std::expected<std::optional<std::size_t>, Condition> {
    if (!verdict) return std::unexpected(std::move(verdict.error()));
    return size;
  };
  if (stage_ == Stage::kClosed) return std::nullopt;
  if (stage_ == Stage::kAnyHeader || stage_ == Stage::kAmqpHeader) {
    const std::size_t known = std::min<std::size_t>(received.size(), 4);
    foreign_ = as_text(received.first(known)) != kAmqpHeader.substr(0, known);
    if (foreign_) return framing_error("This is not AMQP.");
    if (received.size() < kHeaderSize) return std::nullopt;
    return passed(check_header(received.first(kHeaderSize)), kHeaderSize);
  }
  if (received.size() < kHeaderSize) return std::nullopt;
  const std::size_t size = read_number(received.first(4));
  const std::size_t most = stage_ == Stage::kOpened ? limits_.max_frame : limits_.max_performative;
  if (size < kHeaderSize || size > most) return framing_error("The size of a frame is out of bounds.");
  if (received.size() < size) return std::nullopt;
  return passed(check_frame(received.first(size)), size);
}

FrameGate::Verdict FrameGate::check_header(ByteView header) {
  const bool any = stage_ == Stage::kAnyHeader;
  if (any && as_text(header) == kSaslHeader) {
    stage_ = Stage::kSasl;
  } else if (as_text(header) == kAmqpHeader) {
    stage_ = Stage::kUnopened;
  } else {
    return framing_error("This protocol of AMQP is not offered.");
  }
  return {};
}

FrameGate::Verdict FrameGate::check_frame(ByteView frame) {
  const std::size_t begin_of_body = std::size_t{4} * frame[4];
  if (begin_of_body < kHeaderSize || begin_of_body > frame.size()) return framing_error("The frame header is wrong.");
  if (frame[5] != (stage_ == Stage::kSasl ? kSaslFrame : kAmqpFrame))
    return framing_error("This is no place for SASL.");
  const ByteView body = frame.subspan(begin_of_body);
  if (body.empty()) {  // says that the peer is alive
    if (stage_ == Stage::kOpened) return {};
    return framing_error("A frame is empty.");
  }
  wire::amqp::Reader reader(body);
  const auto performative = reader.next();
  if (!performative || !performative->descriptor || !performative->is_list() || !check_value(*performative) ||
      performative->encoded.size() > limits_.max_performative) {
    return framing_error("A frame holds no performative.");
  }
  if (*performative->descriptor != kTransfer && !reader.at_end()) return framing_error("A frame is too long.");
  const auto fields = read_items(*performative);
  if (!fields) return framing_error("A frame holds no performative.");
  if (stage_ == Stage::kSasl) return check_sasl(*performative->descriptor);
  const auto channel = static_cast<std::uint16_t>(read_number(frame.subspan(6, 2)));
  return check_performative(*performative->descriptor, channel, *fields);
}

FrameGate::Verdict FrameGate::check_sasl(std::uint64_t performative) {
  const std::uint64_t expected = sasl_begun_ ? kSaslResponse : kSaslInit;
  sasl_begun_ = true;
  if (performative != expected) return framing_error("SASL goes another way.");
  return {};
}

FrameGate::Verdict FrameGate::check_performative(std::uint64_t performative, std::uint16_t channel,
                                                 const Fields& fields) {
  if (stage_ == Stage::kUnopened) {
    if (performative != kOpen) return not_allowed("The connection is not open.");
    stage_ = Stage::kOpened;
    return {};
  }
  switch (performative) {
    case kClose:
      stage_ = Stage::kClosed;
      return {};
    case kBegin:
      return begin(channel, fields);
    case kAttach:
    case kFlow:
    case kTransfer:
    case kDisposition:
    case kDetach:
    case kEnd:
      break;
    default:
      return not_allowed("The performative is unknown or out of place.");
  }
  const auto found = sessions_.find(channel);
  if (found == sessions_.end()) return not_allowed("No session has begun on the channel.");
  Session& session = found->second;
  switch (performative) {
    case kAttach:
      return attach(session, fields);
    case kTransfer:
      return transfer(session, fields);
    case kFlow:
    case kDetach: {
      const std::size_t place = performative == kFlow ? 4 : 0;
      if (performative == kFlow && field(fields, place).is_null()) return {};
      const auto handle = uint_field(fields, place);
      if (!handle || !session.contains(*handle)) return invalid_field("No link has the handle.");
      if (performative == kDetach) session.erase(*handle);
      return {};
    }
    case kEnd:
      sessions_.erase(found);
      return {};
    default:
      return {};
  }
}

FrameGate::Verdict FrameGate::begin(std::uint16_t channel, const Fields& fields) {
  if (!field(fields, 0).is_null()) return not_allowed("We have begun no session.");
  if (channel > limits_.channel_max) return framing_error("The channel is above channel-max.");
  if (sessions_.contains(channel)) return not_allowed("The channel is in use.");
  if (sessions_.size() >= limits_.sessions) {
    return too_much(fmt::format("A connection may have {} sessions.", limits_.sessions));
  }
  sessions_.try_emplace(channel);
  return {};
}

FrameGate::Verdict FrameGate::attach(Session& session, const Fields& fields) {
  const auto name = as_string(field(fields, 0));
  const auto handle = uint_field(fields, 1);
  const auto receives = bool_field(fields, 2);
  if (!name || !handle || !receives || field(fields, 2).is_null() || *handle > kHandleMax) {
    return invalid_field("An attach needs name, handle and role.");
  }
  if (name->find('\0') != std::string_view::npos) return invalid_field("A link's name is no text.");
  if (session.contains(*handle)) return not_allowed("The handle is in use.");
  for (const auto& [other, link] : session) {
    if (link.name == *name && link.peer_sends == !*receives) return not_allowed("The link is attached already.");
  }
  if (links() >= limits_.links) return too_much(fmt::format("A connection may have {} links.", limits_.links));
  session.try_emplace(*handle, Link{.name = std::string(*name), .peer_sends = !*receives});
  return {};
}

FrameGate::Verdict FrameGate::transfer(Session& session, const Fields& fields) {
  const auto handle = uint_field(fields, 0);
  const auto found = handle ? session.find(*handle) : session.end();
  if (found == session.end() || !found->second.peer_sends) return invalid_field("No link to us has the handle.");
  Link& link = found->second;
  const Value& tag = field(fields, 2);
  const auto more = bool_field(fields, 5);
  const auto resume = bool_field(fields, 8);
  const auto aborted = bool_field(fields, 9);
  if (!more || !resume || !aborted) return invalid_field("A flag of a transfer is none.");
  if (*resume || *aborted) return not_implemented("Transfers are not resumed or aborted here.");
  if (!field(fields, 1).is_null() && !uint_field(fields, 1)) return invalid_field("The delivery-id is none.");
  if (!tag.is_null() && as_binary(tag).value_or(ByteView()).size() > kLongestTag) {
    return invalid_field("The delivery-tag is too long.");
  }
  if (!link.in_transfer && (!uint_field(fields, 1) || !as_binary(tag))) {
    return invalid_field("A delivery begins with its id and tag.");
  }
  link.in_transfer = *more;
  return {};
}

std::size_t FrameGate::links() const {
  std::size_t count = 0;
  for (const auto& [channel, session] : sessions_) count += session.size();
  return count;
}

}  // namespace muster::server::amqp
