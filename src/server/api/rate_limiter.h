#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace muster::server {

/// So many in a period, and as many at once after a rest.
struct Rate {
  std::uint32_t count = 0;  ///< 0: no limit
  std::chrono::seconds period{60};

  bool operator==(const Rate&) const = default;
};

/// What those hear who come together.
enum class Waiting {
  kAlone,   ///< the time until there is room
  kInTurn,  ///< one time after the other, so that a crowd comes back spread out and not at once (design section 6)
};

/// Why a call is not admitted.
struct Throttle {
  std::chrono::seconds wait;  ///< when to come again: 1 second to RateLimiter::kLongestWait
  bool repeated = false;      ///< not the first refusal since one was admitted, so there is nothing new to tell

  bool operator==(const Throttle&) const = default;
};

/// A token bucket for each key: an instance, a device. Memory is bounded: of the keys seen lately at least `max_keys`
/// are remembered, at most twice as many; a forgotten one begins with a full bucket. Thread-safe; the clock outlives
/// it.
class RateLimiter {
 public:
  /// The longest wait that is ever told.
  static constexpr std::chrono::seconds kLongestWait{120};

  RateLimiter(Rate rate, Waiting waiting, const Clock& clock, std::size_t max_keys = 10'000)
      : rate_(rate), waiting_(waiting), max_keys_(max_keys), clock_(clock) {}

  /// Takes a token; nothing stands in the way of the call then.
  std::optional<Throttle> admit(std::string_view key);
  /// As admit(), without taking the token: for what counts only when its end is known. Remembers no key.
  std::optional<Throttle> look(std::string_view key);
  /// Gives a token back that admit() took for something that then did not count.
  void give_back(std::string_view key);

  /// Keys remembered now.
  [[nodiscard]] std::size_t size() const;

 private:
  /// The bucket as the time at which it is full again (generic cell rate algorithm): each token is worth
  /// period / count.
  struct Bucket {
    TimePoint full;
    TimePoint next_turn;  ///< what the next one to wait is told
    bool refusing = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Buckets = std::unordered_map<std::string, Bucket, Hash, std::equal_to<>>;

  [[nodiscard]] std::chrono::microseconds token() const {
    return std::chrono::microseconds(rate_.period) / rate_.count;
  }
  Bucket& bucket_of(std::string_view key);
  Bucket* find(std::string_view key);
  std::optional<Throttle> judge(Bucket& bucket, TimePoint now) const;
  Throttle refuse(Bucket& bucket, TimePoint free, TimePoint now) const;

  const Rate rate_;
  const Waiting waiting_;
  const std::size_t max_keys_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // protects the buckets
  Buckets current_;
  Buckets previous_;  ///< the generation before: forgotten when current_ is full
};

}  // namespace muster::server
