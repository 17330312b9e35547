#include "wire/csv.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wire/lines.h"

namespace muster::wire {
namespace {

enum class Found {
  kCell,    ///< a comma follows
  kRecord,  ///< it was the last cell
  kMore,    ///< the text ends inside
  kFault,
};

}  // namespace

/// Where the scan of one record stands.
struct CsvReader::Cursor {
  std::string_view text;
  std::size_t at;
  std::size_t line;
  TextEnd end;
  std::string_view fault = {};

  Found cell(std::string& out) {
    out.clear();
    if (at < text.size() && text[at] == '"') return quoted(out);
    const std::size_t stop = std::min(text.find_first_of("\",\r\n", at), text.size());
    out.assign(text, at, stop - at);
    at = stop;
    if (at < text.size() && text[at] == '"') return failed("has a quote inside a cell that does not begin with one");
    return separator();
  }

  Found quoted(std::string& out) {
    ++at;
    while (true) {
      const std::size_t quote = text.find('"', at);
      if (quote == std::string_view::npos) return unfinished("has a quote that is never closed");
      out.append(text, at, quote - at);
      line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                  text.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
      at = quote + 1;
      if (at == text.size() || text[at] != '"') break;
      out.push_back('"');
      ++at;
    }
    // At the end of what is there so far the quote may be the first of two.
    if (at == text.size() && end == TextEnd::kMayGrow) return Found::kMore;
    return separator();
  }

  Found separator() {
    if (at == text.size()) return end == TextEnd::kMayGrow ? Found::kMore : Found::kRecord;
    if (text[at] == ',') {
      ++at;
      return Found::kCell;
    }
    if (text[at] == '\r') {
      if (at + 1 == text.size() && end == TextEnd::kMayGrow) return Found::kMore;
      if (at + 1 == text.size() || text[at + 1] != '\n') return failed("has a carriage return that ends no line");
      ++at;
    }
    if (text[at] != '\n') return failed("has text behind a closing quote");
    ++at;
    ++line;
    return Found::kRecord;
  }

  Found unfinished(std::string_view what) { return end == TextEnd::kMayGrow ? Found::kMore : failed(what); }

  Found failed(std::string_view what) {
    fault = what;
    return Found::kFault;
  }
};

CsvReader::CsvReader(std::string_view text, std::size_t first_line, TextEnd end)
    : text_(text), end_(end), next_line_(first_line) {
  if (first_line == 1 && text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

Result<bool> CsvReader::next() {
  while (text_.substr(position_).starts_with('\n') || text_.substr(position_).starts_with("\r\n")) {
    position_ = text_.find('\n', position_) + 1;
    ++next_line_;
  }
  if (position_ == text_.size()) return false;

  Cursor cursor{text_, position_, next_line_, end_};
  std::size_t count = 0;
  Found found = Found::kCell;
  while (found == Found::kCell) {
    if (count == kMaxCells) {
      found = cursor.failed("has too many cells");
      break;
    }
    if (count == cells_.size()) cells_.emplace_back();
    found = cursor.cell(cells_[count++]);
  }
  if (found == Found::kRecord) {
    cells_.resize(count);
    line_ = std::exchange(next_line_, cursor.line);
    position_ = cursor.at;
    return true;
  }
  const std::size_t feed = text_.find('\n', position_);
  if (end_ == TextEnd::kMayGrow && (found == Found::kMore || feed == std::string_view::npos)) return false;
  line_ = next_line_++;
  position_ = feed == std::string_view::npos ? text_.size() : feed + 1;
  return invalid(fmt::format("The record {}.", cursor.fault));
}

void append_csv_cell(std::string& out, std::string_view cell) {
  // Blanks at the ends are text too, but many programs cut them off unless they are quoted.
  const bool blank_end = cell.starts_with(' ') || cell.ends_with(' ');
  if (!blank_end && cell.find_first_of("\",\r\n") == std::string_view::npos) {
    out.append(cell);
    return;
  }
  out.push_back('"');
  for (const char c : cell) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace muster::wire
