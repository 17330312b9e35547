#include "model/import_document.h"

#include <algorithm>

#include "model/json.h"

namespace muster::model {
namespace {

Result<boost::json::object> read_line(std::string_view text, const boost::json::storage_ptr& storage = {}) {
  return parse_json_object(text, "The line", storage);
}

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
}

}  // namespace

Result<ImportDocument> ImportDocument::open(EnrollmentKind kind, TransferFormat format, std::string_view text,
                                            std::optional<std::size_t> first_line) {
  if (format == TransferFormat::kCsv) return open_rows(kind, text, first_line);
  return ImportDocument(wire::LineReader(text, first_line.value_or(1)), count_lines(text));
}

Result<ImportDocument> ImportDocument::open_rows(EnrollmentKind kind, std::string_view text,
                                                 std::optional<std::size_t> first_line) {
  wire::CsvReader reader(text);
  const auto header = reader.next();
  if (!header) return invalid("The header cannot be read: " + header.error().message);
  if (!*header) return invalid("The header is missing.");
  auto table = EnrollmentTable::from_header(kind, reader.cells());
  if (!table) return std::unexpected(std::move(table).error());
  const std::size_t data_line = reader.next_line();
  return ImportDocument(Rows{.reader = std::move(reader),
                             .table = *std::move(table),
                             .text = text,
                             .data_line = data_line,
                             .first_line = first_line.value_or(data_line)},
                        count_lines(text));
}

std::optional<ImportRecord> ImportDocument::next(const boost::json::storage_ptr& storage) {
  return std::visit([&](auto& source) { return next_of(source, storage); }, source_);
}

std::optional<ImportRecord> ImportDocument::next_of(wire::LineReader& lines, const boost::json::storage_ptr& storage) {
  const auto line = lines.next();
  if (!line) return std::nullopt;
  return ImportRecord{lines.line(), *line, read_line(*line, storage)};
}

std::optional<ImportRecord> ImportDocument::next_of(Rows& rows, const boost::json::storage_ptr& storage) {
  const std::size_t before = rows.reader.position();
  const auto found = rows.reader.next();
  if (found && !*found) return std::nullopt;
  return ImportRecord{rows.first_line + (rows.reader.line() - rows.data_line),
                      rows.text.substr(before, rows.reader.position() - before),
                      found ? rows.table.read_row(rows.reader.cells(), storage) : std::unexpected(found.error())};
}

Result<boost::json::object> ImportDocument::read_again(std::string_view record) const {
  const auto* rows = std::get_if<Rows>(&source_);
  if (rows == nullptr) return read_line(record);
  wire::CsvReader reader(record, rows->data_line);
  if (const auto found = reader.next(); !found) return std::unexpected(found.error());
  return rows->table.read_row(reader.cells());
}

}  // namespace muster::model
