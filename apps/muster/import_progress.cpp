#include "muster/import_progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
constexpr std::string_view kClearLine = "\r\x1b[K";  // ECMA-48 EL

}  // namespace

ProgressLine::ProgressLine(std::ostream& out, Terminal terminal, const Clock& clock,
                           std::optional<std::uint64_t> total_octets)
    : out_(out), terminal_(terminal), clock_(clock), total_octets_(total_octets), begun_(clock.now()) {
}

void ProgressLine::show(std::size_t entries, std::uint64_t octets, std::uint64_t octets_before) {
  if (terminal_ == Terminal::kNo) return;
  const TimePoint now = clock_.now();
  if (shown_at_ && now - *shown_at_ < kInterval) return;
  shown_at_ = now;
  visible_ = true;
  out_ << kClearLine << progress_text(entries, now - begun_, octets, octets_before, total_octets_) << std::flush;
}

void ProgressLine::clear() {
  if (visible_) out_ << kClearLine << std::flush;
  visible_ = false;
  shown_at_.reset();
}

std::string progress_text(std::size_t entries, std::chrono::microseconds elapsed, std::uint64_t octets,
                          std::uint64_t octets_before, std::optional<std::uint64_t> total) {
  const double seconds = std::max(std::chrono::duration<double>(elapsed).count(), 0.001);
  const double rate = static_cast<double>(entries) / seconds;
  std::string out = fmt::format("{} entries  {:.0f}/s", entries, rate);
  if (!total || *total == 0 || octets == 0) return out;
  const std::uint64_t done = std::min(octets_before + octets, *total);
  const auto left =
      static_cast<std::uint64_t>(seconds * static_cast<double>(*total - done) / static_cast<double>(octets));
  return out + fmt::format("  {}%  {}:{:02} left", done * 100 / *total, left / 60, left % 60);
}

}  // namespace muster::cli
