#include "wire/lines.h"

namespace muster::wire {

LineReader::LineReader(std::string_view text, std::size_t first_line, TextEnd end)
    : text_(text), end_(end), next_line_(first_line) {
  if (first_line == 1 && text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

std::optional<std::string_view> LineReader::next() {
  while (position_ < text_.size()) {
    const std::size_t feed = text_.find('\n', position_);
    if (feed == std::string_view::npos && end_ == TextEnd::kMayGrow) return std::nullopt;
    std::string_view line = text_.substr(position_, feed - position_);
    position_ = feed == std::string_view::npos ? text_.size() : feed + 1;
    line_ = next_line_++;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) return line;
  }
  return std::nullopt;
}

}  // namespace muster::wire
