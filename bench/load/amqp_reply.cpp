#include <charconv>

#include "base/bytes.h"
#include "load/reply.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/message.h"
#include "wire/amqp/value.h"

namespace muster::bench {
namespace {

namespace amqp = wire::amqp;

constexpr std::size_t kMaxFrame = 65'536;
constexpr int kMalformed = -1;

/// A flow that is for a link, not for the session alone.
bool is_for_a_link(const amqp::FrameView& frame) {
  constexpr std::size_t kHandle = 4;
  const auto fields = fields_of(frame);
  return fields && fields->size() > kHandle && !(*fields)[kHandle].is_null();
}

/// An attach by which the service becomes the sender: nothing follows it. One by which it becomes the receiver is
/// followed by a flow.
bool makes_a_sender(const amqp::FrameView& frame) {
  constexpr std::size_t kRole = 2;
  const auto fields = fields_of(frame);
  return fields && fields->size() > kRole && as_bool((*fields)[kRole]) == false;
}

/// The body is the last section, so that it is found in the payload, which outlives the decoded message.
Reply answer_of(const amqp::FrameView& frame) {
  const auto message = amqp::decode_message(frame.payload);
  if (!message) return {.status = kMalformed, .retry_after = {}, .body = {}};
  Reply out{.status = 200, .retry_after = {}, .body = as_text(frame.payload.last(message->body.size()))};
  if (const auto text = message->property("retry-after")) {
    int seconds = 0;
    std::from_chars(text->data(), text->data() + text->size(), seconds);
    out.retry_after = std::chrono::seconds(seconds);
    out.status = 202;
  }
  return out;
}

/// What a frame answers; nullopt: another one follows.
std::optional<Reply> judge(const amqp::FrameView& frame) {
  if (!frame.kind) return std::nullopt;
  const Reply done{.status = 0, .retry_after = {}, .body = {}};
  switch (*frame.kind) {
    case amqp::Performative::kSaslMechanisms:
    case amqp::Performative::kSaslOutcome:
    case amqp::Performative::kOpen:
    case amqp::Performative::kBegin:
      return done;
    case amqp::Performative::kAttach:
      return makes_a_sender(frame) ? std::optional(done) : std::nullopt;
    case amqp::Performative::kFlow:
      return is_for_a_link(frame) ? std::optional(done) : std::nullopt;
    case amqp::Performative::kTransfer:
      return answer_of(frame);
    case amqp::Performative::kDisposition: {
      const auto verdict = read_disposition(frame);
      if (verdict && *verdict && !(*verdict)->rejection) return std::nullopt;
      break;
    }
    default:
      break;
  }
  return Reply{.status = kMalformed, .retry_after = {}, .body = as_text(frame.performative)};
}

}  // namespace

bool read_amqp_reply(std::string_view inbox, Reply& reply) {
  for (;;) {
    const auto frame = amqp::read_frame(as_bytes(inbox), kMaxFrame);
    if (frame && !*frame) return false;
    reply = {.status = kMalformed, .retry_after = {}, .body = inbox};
    if (!frame) return true;
    if (const auto judged = judge(**frame)) {
      reply = *judged;
      return true;
    }
    inbox.remove_prefix((*frame)->size);
  }
}

}  // namespace muster::bench
