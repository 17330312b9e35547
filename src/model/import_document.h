#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "model/enrollment_csv.h"
#include "wire/csv.h"
#include "wire/lines.h"

namespace muster::model {

/// How entries are written in an import or export (docs/import.md).
enum class TransferFormat {
  kNdjson,  ///< one JSON object in each line
  kCsv,     ///< a header, then one record for each entry
};

/// One entry of a document.
struct ImportRecord {
  std::size_t line = 0;  ///< on which it begins
  std::string_view text;
  Result<boost::json::object> members;  ///< a line for apply_import, or why it cannot be read
};

/// Takes the entries of a document one by one; an entry that cannot be read costs no other.
class ImportDocument {
 public:
  /// `text` outlives the document. `first_line` is the number of the first line of data, when the text is a part of a
  /// greater one; in CSV that is the line behind the header. kInvalidArgument when the header of a CSV is not one.
  static Result<ImportDocument> open(EnrollmentKind kind, TransferFormat format, std::string_view text,
                                     std::optional<std::size_t> first_line);

  /// At least as many as there are: the lines of the text.
  [[nodiscard]] std::size_t most_records() const { return lines_; }
  /// nullopt after the last. The members lie in `storage`.
  std::optional<ImportRecord> next(const boost::json::storage_ptr& storage = {});
  /// The members of a record that next() gave, once more.
  [[nodiscard]] Result<boost::json::object> read_again(std::string_view record) const;

 private:
  struct Rows {
    wire::CsvReader reader;
    EnrollmentTable table;
    std::string_view text;
    std::size_t data_line;   ///< of the first line behind the header, as the reader counts
    std::size_t first_line;  ///< the same line, as the caller counts
  };

  ImportDocument(std::variant<wire::LineReader, Rows> source, std::size_t lines)
      : source_(std::move(source)), lines_(lines) {}
  static Result<ImportDocument> open_rows(EnrollmentKind kind, std::string_view text,
                                          std::optional<std::size_t> first_line);
  static std::optional<ImportRecord> next_of(wire::LineReader& lines, const boost::json::storage_ptr& storage);
  static std::optional<ImportRecord> next_of(Rows& rows, const boost::json::storage_ptr& storage);

  std::variant<wire::LineReader, Rows> source_;
  std::size_t lines_;
};

}  // namespace muster::model
