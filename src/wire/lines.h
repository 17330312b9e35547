#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/text_end.h"

namespace muster::wire {

/// U+FEFF in UTF-8; editors and spreadsheets write it in front of a text.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Takes the lines of a text one after the other, as newline-delimited JSON has them: LF or CRLF, the last one with or
/// without. Lines of blanks and tabs only are passed over, and so is a byte order mark in front of line 1.
/// The text outlives the reader.
class LineReader {
 public:
  /// `first_line` is the number of the text's first line.
  explicit LineReader(std::string_view text, std::size_t first_line = 1, TextEnd end = TextEnd::kFinal);

  /// The next line that has something on it, without its line end; nullopt when none is left, or none that is complete.
  std::optional<std::string_view> next();
  /// Number of the line that next() gave last.
  [[nodiscard]] std::size_t line() const { return line_; }
  /// Octets that were taken, line ends included.
  [[nodiscard]] std::size_t position() const { return position_; }
  /// Number of the line that begins at position().
  [[nodiscard]] std::size_t next_line() const { return next_line_; }

 private:
  std::string_view text_;
  TextEnd end_;
  std::size_t position_ = 0;
  std::size_t line_ = 0;
  std::size_t next_line_;
};

}  // namespace muster::wire
