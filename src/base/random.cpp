#include "base/random.h"

#include <array>
#include <cstdlib>

#include <openssl/rand.h>

#include "base/log.h"

namespace muster {

Bytes Random::bytes(std::size_t count) {
  Bytes out(count);
  fill(out);
  return out;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    log_error("random.failed", {{"requested", std::to_string(out.size())}});
    std::abort();
  }
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
  std::array<std::uint8_t, 16> raw{};
  random.fill(raw);
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | 0x40);  // RFC 4122 section 4.4
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3f) | 0x80);
  const std::string digits = hex_lower(raw);
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out.push_back('-');
    out.push_back(digits[i]);
  }
  return out;
}

}  // namespace muster
