#include "muster/import_source.h"

#include <algorithm>
#include <utility>

namespace muster::cli {
namespace {

using model::TransferFormat;

/// A record was found or is a fault, which the service tells with its line; false at the end.
bool advance(wire::LineReader& reader) {
  return reader.next().has_value();
}
bool advance(wire::CsvReader& reader) {
  const auto found = reader.next();
  return !found || *found;
}

std::unexpected<Error> unreadable() {
  return invalid("The file cannot be read.");
}

}  // namespace

Result<ImportSource> ImportSource::open(std::istream& in, TransferFormat format, Limits limits) {
  ImportSource source(in, format, limits);
  if (format == TransferFormat::kCsv) {
    if (auto read = source.read_header(); !read) return std::unexpected(read.error());
  }
  return source;
}

Result<void> ImportSource::read_header() {
  if (auto filled = fill(); !filled) return filled;
  wire::CsvReader reader(buffer_, 1, at_end_ ? wire::TextEnd::kFinal : wire::TextEnd::kMayGrow);
  const auto found = reader.next();
  if (!found) return invalid("The header cannot be read: " + found.error().message);
  if (!*found) return invalid("The file has no header.");
  header_ = buffer_.substr(0, reader.position());
  if (!header_.ends_with('\n')) header_ += '\n';
  position_.line = reader.next_line();
  take_octets(reader.position());
  return {};
}

Result<void> ImportSource::skip_to(const ImportPosition& position) {
  in_->clear();  // reading to the end has set it
  in_->seekg(0, std::ios::end);
  if (!*in_ || static_cast<std::uint64_t>(in_->tellg()) < position.offset) {
    return invalid("The file is shorter than the part of it that was imported.");
  }
  in_->seekg(static_cast<std::streamoff>(position.offset));
  if (!*in_) return unreadable();
  buffer_.clear();
  at_end_ = false;
  position_ = position;
  return {};
}

Result<std::optional<ImportChunk>> ImportSource::next() {
  ImportChunk chunk{.index = next_index_, .first_line = position_.line, .body = header_, .too_long = {}, .end = {}};
  while (chunk.records == 0 && chunk.too_long.empty()) {
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
    if (buffer_.empty()) return std::nullopt;
    if (take_records(chunk)) continue;
    // The buffer is as full as it can be and holds no whole record that fits.
    chunk.too_long.push_back(position_.line);
    if (auto dropped = drop_line(); !dropped) return std::unexpected(dropped.error());
  }
  chunk.end = position_;
  ++next_index_;
  return chunk;
}

bool ImportSource::take_records(ImportChunk& chunk) {
  const auto end = at_end_ ? wire::TextEnd::kFinal : wire::TextEnd::kMayGrow;
  if (format_ == TransferFormat::kCsv) return take_records(wire::CsvReader(buffer_, position_.line, end), chunk);
  return take_records(wire::LineReader(buffer_, position_.line, end), chunk);
}

/// Moves as many whole records as fit to the chunk, with the blank lines between them, or drops blank lines if there is
/// nothing else. False: nothing was moved.
template <class Reader>
bool ImportSource::take_records(Reader reader, ImportChunk& chunk) {
  const std::size_t room = limits_.octets - std::min(limits_.octets, header_.size());
  std::size_t taken = 0;
  std::size_t line = position_.line;
  while (chunk.records < limits_.records && advance(reader) && reader.position() <= room) {
    ++chunk.records;
    taken = reader.position();
    line = reader.next_line();
  }
  if (chunk.records == 0 && reader.position() <= room) {
    taken = reader.position();
    line = reader.next_line();
    chunk.first_line = line;
  } else {
    chunk.body.append(buffer_, 0, taken);
  }
  position_.line = line;
  take_octets(taken);
  return taken > 0;
}

void ImportSource::take_octets(std::size_t count) {
  buffer_.erase(0, count);
  position_.offset += count;
}

Result<void> ImportSource::fill() {
  const std::size_t had = buffer_.size();
  if (at_end_ || had >= limits_.octets) return {};
  buffer_.resize(limits_.octets);
  in_->read(buffer_.data() + had, static_cast<std::streamsize>(limits_.octets - had));
  if (in_->bad()) return unreadable();
  buffer_.resize(had + static_cast<std::size_t>(in_->gcount()));
  at_end_ = in_->eof();
  return {};
}

/// Passes over the rest of the line at the beginning of the buffer.
Result<void> ImportSource::drop_line() {
  while (true) {
    const std::size_t feed = buffer_.find('\n');
    take_octets(feed == std::string::npos ? buffer_.size() : feed + 1);
    if (feed != std::string::npos) break;
    if (auto filled = fill(); !filled) return filled;
    if (buffer_.empty()) return {};
  }
  ++position_.line;
  return {};
}

}  // namespace muster::cli
