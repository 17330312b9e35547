#include "base/random.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/log.h"

namespace muster {

namespace {

using Octets = std::array<std::uint8_t, 16>;

/// Every request gets one, so it is written in one go.
std::string guid_text(const Octets& raw) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    out[at++] = kDigits[raw[i] >> 4];
    out[at++] = kDigits[raw[i] & 15];
  }
  return out;
}

/// RFC 9562 section 4: version and variant.
void mark(Octets& raw, std::uint8_t version) {
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | version << 4);
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3f) | 0x80);
}

/// The first six octets: milliseconds since 1970, the most significant first. Times before 1970 count as 1970.
void put_time(Octets& raw, TimePoint now) {
  const auto elapsed = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  auto millis = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 0));
  for (std::size_t i = 6; i-- > 0; millis >>= 8) raw[i] = static_cast<std::uint8_t>(millis);
}

void draw(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    log_error("random.failed", {{"requested", std::to_string(out.size())}});
    std::abort();
  }
}

/// How often this process was forked off: a child must not go on with its parent's reserve.
std::atomic<unsigned> fork_count = 0;

void count_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++fork_count; });
  if (registered != 0) std::abort();
}

/// Octets drawn ahead, because OpenSSL's generator takes nearly as long for sixteen of them as for a thousand. One
/// thread's own. What has been given out is wiped, so that it cannot be read here a second time.
class Reserve {
 public:
  static constexpr std::size_t kMost = 64;  ///< octets of one request; the longest keys that are made

  Reserve() { count_forks(); }
  ~Reserve() { OPENSSL_cleanse(octets_.data(), octets_.size()); }
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;

  void take(std::span<std::uint8_t> out) {
    if (left_ < out.size() || forks_ != fork_count) refill();
    const std::span<std::uint8_t> given = std::span(octets_).subspan(octets_.size() - left_, out.size());
    std::ranges::copy(given, out.begin());
    OPENSSL_cleanse(given.data(), given.size());
    left_ -= out.size();
  }

 private:
  void refill() {
    forks_ = fork_count;
    draw(octets_);
    left_ = octets_.size();
  }

  std::array<std::uint8_t, 1024> octets_{};
  std::size_t left_ = 0;
  unsigned forks_ = 0;
};

}  // namespace

Bytes Random::bytes(std::size_t count) {
  Bytes out(count);
  fill(out);
  return out;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  if (out.size() > Reserve::kMost) return draw(out);
  thread_local Reserve t_reserve;
  t_reserve.take(out);
}

void SequenceRandom::fill(std::span<std::uint8_t> out) {
  const std::scoped_lock lock(mutex_);
  for (std::uint8_t& b : out) {
    // splitmix64: all states are visited, so two draws never coincide by a short cycle.
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    b = static_cast<std::uint8_t>(z ^ z >> 31);
  }
}

std::string make_guid(Random& random) {
  Octets raw{};
  random.fill(raw);
  mark(raw, 4);
  return guid_text(raw);
}

std::string make_time_ordered_guid(Random& random, TimePoint now) {
  Octets raw{};
  random.fill(raw);
  put_time(raw, now);
  mark(raw, 7);
  return guid_text(raw);
}

std::string first_time_ordered_guid(TimePoint now) {
  Octets raw{};
  put_time(raw, now);
  mark(raw, 7);
  return guid_text(raw);
}

}  // namespace muster
