#include "server/amqp/tpm_sasl.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/secret.h"

namespace muster::server::amqp {
namespace {

constexpr std::uint8_t kSegment = 0x80;
constexpr std::uint8_t kLast = 0x40;
// The number of a segment has two bits.
constexpr std::size_t kMostSegments = 4;
// A control octet goes with every segment. Node takes a challenge of one octet for the request for its storage root
// key, so that the halves of even the smallest blob are fine.
constexpr std::size_t kSegmentSize = kLargestChallenge - 1;
// What a peer may send in segments: two keys would fit.
constexpr std::size_t kLargestMessage = 2048;

SaslStep refused() {
  return {SaslStep::Kind::kRefused};
}

/// "Go on", and the request for the storage root key (5.4): the single octet 00.
SaslStep go_on() {
  return {SaslStep::Kind::kChallenge, Bytes{0}};
}

}  // namespace

std::vector<Bytes> tpm_segments(ByteView activation) {
  const std::size_t count = std::max<std::size_t>(2, (activation.size() + kSegmentSize - 1) / kSegmentSize);
  std::vector<Bytes> out;
  if (count > kMostSegments || activation.size() < count) return out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = activation.size() * i / count;
    const std::size_t end = activation.size() * (i + 1) / count;
    Bytes segment{static_cast<std::uint8_t>(kSegment | (i + 1 == count ? kLast : 0) | i)};
    const ByteView part = activation.subspan(begin, end - begin);
    segment.insert(segment.end(), part.begin(), part.end());
    out.push_back(std::move(segment));
  }
  return out;
}

Task<SaslStep> TpmExchange::step(Bytes response) {
  if (response.empty() || message_.size() + response.size() > kLargestMessage) {
    stage_ = Stage::kOver;
    co_return refused();
  }
  const std::uint8_t control = response.front();
  message_.insert(message_.end(), response.begin() + 1, response.end());
  std::ranges::fill(response, 0);
  // A peer whose message does not fit one frame sends the rest when it is told to (C; with keys beyond RSA-2048).
  if ((control & kSegment) != 0 && (control & kLast) == 0) co_return go_on();
  SaslStep next = co_await dispatch();
  std::ranges::fill(message_, 0);
  message_.clear();
  if (next.kind != SaslStep::Kind::kChallenge) stage_ = Stage::kOver;
  co_return next;
}

Task<SaslStep> TpmExchange::dispatch() {
  switch (stage_) {
    case Stage::kInit:
      co_return take_init();
    case Stage::kStorageRootKey:
      co_return co_await take_storage_root_key();
    case Stage::kSegments:
      co_return next_segment();
    case Stage::kToken:
      co_return co_await take_token();
    case Stage::kOver:
      break;
  }
  co_return refused();
}

/// `idScope NUL registrationId NUL endorsementKey`; the key may hold NULs of its own.
SaslStep TpmExchange::take_init() {
  const auto scope_end = std::ranges::find(message_, 0);
  if (scope_end == message_.end()) return refused();
  const auto id_end = std::find(scope_end + 1, message_.end(), 0);
  if (id_end == message_.end()) return refused();
  identity_.id_scope.assign(message_.begin(), scope_end);
  identity_.registration_id.assign(scope_end + 1, id_end);
  endorsement_key_.assign(id_end + 1, message_.end());
  if (identity_.id_scope.empty() || identity_.registration_id.empty()) return refused();
  stage_ = Stage::kStorageRootKey;
  return go_on();
}

Task<SaslStep> TpmExchange::take_storage_root_key() {
  const auto activation = co_await judge_.challenge(identity_, std::move(endorsement_key_), message_);
  if (!activation) co_return refused();
  segments_ = tpm_segments(*activation);
  if (segments_.empty()) {
    log_warning("sasl.activation-too-large",
                {{"registrationId", identity_.registration_id}, {"octets", std::to_string(activation->size())}});
    co_return refused();
  }
  stage_ = Stage::kSegments;
  co_return next_segment();
}

SaslStep TpmExchange::next_segment() {
  SaslStep step{SaslStep::Kind::kChallenge, std::move(segments_[sent_])};
  if (++sent_ == segments_.size()) stage_ = Stage::kToken;
  return step;
}

Task<SaslStep> TpmExchange::take_token() {
  std::string token(as_text(message_));
  const bool accepted = !token.empty() && co_await judge_.accept(identity_, token);
  wipe(token);
  co_return SaslStep{accepted ? SaslStep::Kind::kAccepted : SaslStep::Kind::kRefused};
}

}  // namespace muster::server::amqp
