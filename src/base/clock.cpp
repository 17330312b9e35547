#include "base/clock.h"

#include <array>

namespace muster {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<microseconds> time;
};

Civil civil(TimePoint time) {
  const auto day = floor<days>(time);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<microseconds>(time - day)};
}

/// Appends `value` with `width` digits. Times are in every answer and every record, and a formatting library takes ten
/// times as long.
template <class Integer>
void append_digits(std::string& out, Integer value, std::size_t width) {
  out.append(width, '0');
  for (std::size_t i = out.size(); width > 0; --width, value /= 10) out[--i] = static_cast<char>('0' + value % 10);
}

void append_time_of_day(std::string& out, const Civil& c) {
  append_digits(out, c.time.hours().count(), 2);
  out += ':';
  append_digits(out, c.time.minutes().count(), 2);
  out += ':';
  append_digits(out, c.time.seconds().count(), 2);
}

std::string date_and_time(const Civil& c) {
  std::string out;
  out.reserve(std::string_view("yyyy-mm-ddThh:mm:ss.fffffffZ").size());
  append_digits(out, static_cast<int>(c.date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(c.date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(c.date.day()), 2);
  out += 'T';
  append_time_of_day(out, c);
  return out;
}

/// The decimal number in text[at, at + width), or nullopt.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

TimePoint SystemClock::now() const {
  return floor<microseconds>(std::chrono::system_clock::now());
}

TimePoint ManualClock::now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}

void ManualClock::set(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  now_ = now;
}

void ManualClock::advance(microseconds by) {
  const std::scoped_lock lock(mutex_);
  now_ += by;
}

std::string format_time(TimePoint time) {
  const Civil c = civil(time);
  std::string out = date_and_time(c);
  out += '.';
  append_digits(out, c.time.subseconds().count(), 6);
  return out += "0Z";
}

std::string format_time_seconds(TimePoint time) {
  return date_and_time(civil(time)) + "Z";
}

std::string format_http_time(TimePoint time) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil c = civil(time);
  std::string out(kDays[std::chrono::weekday(floor<days>(time)).c_encoding()]);
  out.reserve(std::string_view("Thu, 15 Jan 2026 00:00:00 GMT").size());
  out += ", ";
  append_digits(out, static_cast<unsigned>(c.date.day()), 2);
  out += ' ';
  out += kMonths[static_cast<unsigned>(c.date.month()) - 1];
  out += ' ';
  append_digits(out, static_cast<int>(c.date.year()), 4);
  out += ' ';
  append_time_of_day(out, c);
  return out += " GMT";
}

std::optional<TimePoint> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() || text.back() != 'Z') return std::nullopt;
  for (std::size_t i : {4, 7}) {
    if (text[i] != '-') return std::nullopt;
  }
  if (text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;

  std::int64_t micros = 0;
  if (std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1); !fraction.empty()) {
    if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
    fraction.remove_prefix(1);
    for (std::size_t i = 0; i < fraction.size(); ++i) {
      if (fraction[i] < '0' || fraction[i] > '9') return std::nullopt;
      if (i < 6) micros = micros * 10 + (fraction[i] - '0');
    }
    for (std::size_t i = fraction.size(); i < 6; ++i) micros *= 10;
  }
  return TimePoint(std::chrono::sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) +
         microseconds(micros);
}

std::int64_t to_micros(TimePoint time) {
  return time.time_since_epoch().count();
}

TimePoint from_micros(std::int64_t micros) {
  return TimePoint(microseconds(micros));
}

}  // namespace muster
