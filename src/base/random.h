#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace muster {

/// Where randomness comes from; passed in, so that keys and ids are deterministic in tests. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  Bytes bytes(std::size_t count);
};

/// OpenSSL's generator; small requests are served from what each thread draws ahead. A generator that cannot deliver
/// ends the process: nothing may go on with weak keys.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// A repeatable sequence for tests. Never for keys.
class SequenceRandom final : public Random {
 public:
  explicit SequenceRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::mutex mutex_;  // protects state_
  std::uint64_t state_;
};

/// A version 4 UUID in lower case, "5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11".
std::string make_guid(Random& random);

/// A version 7 UUID (RFC 9562 section 5.7): its text sorts by `now`, to the millisecond.
std::string make_time_ordered_guid(Random& random, TimePoint now);
/// The least text that such a UUID made at `now` or later can have.
std::string first_time_ordered_guid(TimePoint now);

}  // namespace muster
