#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/text_end.h"

namespace muster::wire {

/// Takes the records of a CSV text one after the other (RFC 4180): commas, quoted cells in which a quote is doubled and
/// line ends are text, CRLF or LF. Empty lines are passed over, and so is a byte order mark in front of line 1.
///
/// A malformed record is a fault; the reader then goes on at the line behind the one on which that record began, so
/// that one bad line costs no other. Takes time linear in the length of the text. The text outlives the reader.
class CsvReader {
 public:
  /// A record with more is a fault: nobody means a thousand columns.
  static constexpr std::size_t kMaxCells = 256;

  /// `first_line` is the number of the text's first line.
  explicit CsvReader(std::string_view text, std::size_t first_line = 1, TextEnd end = TextEnd::kFinal);

  /// True: cells() has the next record. False: none is left, or none that is complete. kInvalidArgument: the record
  /// that begins on line() is malformed.
  Result<bool> next();
  /// The record that next() found; its memory is used again for the following one.
  [[nodiscard]] const std::vector<std::string>& cells() const { return cells_; }
  /// Number of the line on which the last record or fault began.
  [[nodiscard]] std::size_t line() const { return line_; }
  /// Octets that were taken, line ends included.
  [[nodiscard]] std::size_t position() const { return position_; }
  /// Number of the line that begins at position().
  [[nodiscard]] std::size_t next_line() const { return next_line_; }

 private:
  struct Cursor;

  std::string_view text_;
  TextEnd end_;
  std::size_t position_ = 0;
  std::size_t line_ = 0;
  std::size_t next_line_;
  std::vector<std::string> cells_;
};

/// Appends one cell, in quotes where RFC 4180 wants them.
void append_csv_cell(std::string& out, std::string_view cell);

}  // namespace muster::wire
