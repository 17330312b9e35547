#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

/// UTC with microseconds, the finest that the wire shows reliably (service-api.md 0: 6 or 7 fraction digits).
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;

/// Where the time comes from; passed in, so that expiry and skew are tested without waiting.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

/// A clock that stands still until it is moved. Safe to move from one thread while others read it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_(start) {}
  [[nodiscard]] TimePoint now() const override;
  void set(TimePoint now);
  void advance(std::chrono::microseconds by);

 private:
  mutable std::mutex mutex_;  // protects now_
  TimePoint now_;
};

/// "2026-01-15T10:20:30.1234560Z": ISO 8601, UTC, seven fraction digits as Azure writes them (device-api.md 3.5).
std::string format_time(TimePoint time);
/// "2026-01-15T10:20:30Z": certificate times carry no fraction (service-api.md 0).
std::string format_time_seconds(TimePoint time);
/// "Thu, 15 Jan 2026 10:20:30 GMT": RFC 1123, for HTTP headers and the management API.
std::string format_http_time(TimePoint time);
/// Reads what format_time and format_time_seconds write, with 0 to 9 fraction digits.
std::optional<TimePoint> parse_time(std::string_view text);

/// Microseconds since 1970, as stored.
std::int64_t to_micros(TimePoint time);
TimePoint from_micros(std::int64_t micros);

}  // namespace muster
