#include "server/api/rate_limiter.h"

#include <algorithm>
#include <utility>

namespace muster::server {

using std::chrono::seconds;

std::optional<Throttle> RateLimiter::admit(std::string_view key) {
  if (rate_.count == 0) return std::nullopt;
  const TimePoint now = clock_.now();
  const std::scoped_lock lock(mutex_);
  Bucket& bucket = bucket_of(key);
  if (const auto throttle = judge(bucket, now)) return throttle;
  bucket.full += token();
  bucket.refusing = false;
  return std::nullopt;
}

std::optional<Throttle> RateLimiter::look(std::string_view key) {
  if (rate_.count == 0) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  Bucket* bucket = find(key);
  return bucket == nullptr ? std::nullopt : judge(*bucket, clock_.now());
}

std::optional<Throttle> RateLimiter::judge(Bucket& bucket, TimePoint now) const {
  // Never fuller than full; never emptier than empty, also when the clock was set back.
  bucket.full = std::clamp(bucket.full, now, now + rate_.period);
  const TimePoint free = bucket.full + token() - rate_.period;
  return free > now ? std::optional(refuse(bucket, free, now)) : std::nullopt;
}

void RateLimiter::give_back(std::string_view key) {
  if (rate_.count == 0) return;
  const std::scoped_lock lock(mutex_);
  bucket_of(key).full -= token();
}

std::size_t RateLimiter::size() const {
  const std::scoped_lock lock(mutex_);
  return current_.size() + previous_.size();
}

RateLimiter::Bucket* RateLimiter::find(std::string_view key) {
  for (Buckets* buckets : {&current_, &previous_}) {
    if (const auto found = buckets->find(key); found != buckets->end()) return &found->second;
  }
  return nullptr;
}

RateLimiter::Bucket& RateLimiter::bucket_of(std::string_view key) {
  if (const auto found = current_.find(key); found != current_.end()) return found->second;
  if (current_.size() >= max_keys_) {
    previous_ = std::exchange(current_, {});
  }
  Bucket bucket{};
  if (const auto found = previous_.find(key); found != previous_.end()) {
    bucket = found->second;
    previous_.erase(found);
  }
  return current_.emplace(key, bucket).first->second;
}

Throttle RateLimiter::refuse(Bucket& bucket, TimePoint free, TimePoint now) const {
  TimePoint told = free;
  if (waiting_ == Waiting::kInTurn) {
    told = std::clamp(bucket.next_turn, free, now + kLongestWait);
    bucket.next_turn = told + token();
  }
  return {.wait = std::clamp(std::chrono::ceil<seconds>(told - now), seconds(1), kLongestWait),
          .repeated = std::exchange(bucket.refusing, true)};
}

}  // namespace muster::server
