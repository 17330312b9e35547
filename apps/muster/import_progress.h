#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "base/clock.h"

namespace muster::cli {

/// How far a transfer is, in one line of a terminal that is written over and over; elsewhere nothing is shown.
class ProgressLine {
 public:
  enum class Terminal { kYes, kNo };

  /// `total_octets` of the whole, when known. What is passed in outlives the object.
  ProgressLine(std::ostream& out, Terminal terminal, const Clock& clock, std::optional<std::uint64_t> total_octets);

  /// Counts from the beginning of this run; `octets_before` were done by earlier ones. Shown five times a second at
  /// most.
  void show(std::size_t entries, std::uint64_t octets, std::uint64_t octets_before);
  /// Leaves the line empty for other output; the next show() writes it again.
  void clear();

 private:
  std::ostream& out_;
  Terminal terminal_;
  const Clock& clock_;
  std::optional<std::uint64_t> total_octets_;
  TimePoint begun_;
  std::optional<TimePoint> shown_at_;
  bool visible_ = false;
};

/// "123456 entries  45%  98765/s  0:12 left"; the last part only when `total` octets are known and some are done.
std::string progress_text(std::size_t entries, std::chrono::microseconds elapsed, std::uint64_t octets,
                          std::uint64_t octets_before, std::optional<std::uint64_t> total);

}  // namespace muster::cli
