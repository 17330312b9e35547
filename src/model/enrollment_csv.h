#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "model/enrollment.h"
#include "model/enrollment_import.h"

namespace muster::model {

struct CsvColumn;

/// Entries as rows of a table: which column stands for which member (docs/import.md). An empty cell is a member that is
/// not given. Spreadsheets take some texts for formulas, so a cell may be guarded: one apostrophe in front of any of
/// = + - @ tab, carriage return or apostrophe is not part of the text.
class EnrollmentTable {
 public:
  /// Reads a header; names in any letter case and order. kInvalidArgument for an unknown or repeated one, or when the
  /// id is missing.
  static Result<EnrollmentTable> from_header(EnrollmentKind kind, const std::vector<std::string>& header);

  /// The row as a line of an import (apply_import), in `storage`. kInvalidArgument names the column.
  [[nodiscard]] Result<boost::json::object> read_row(const std::vector<std::string>& cells,
                                                     const boost::json::storage_ptr& storage = {}) const;

 private:
  std::vector<const CsvColumn*> columns_;
};

/// The header of an export, with its line end.
std::string csv_header(EnrollmentKind kind, ExportSecrets secrets);
/// The entry as a row under csv_header(), guarded, with its line end. What has no column of its own is in `other`, so
/// that nothing is lost.
std::string csv_row(const Enrollment& enrollment, ExportSecrets secrets);

}  // namespace muster::model
