#pragma once

#include <string_view>
#include <vector>

#include "model/enrollment.h"

namespace muster::model {

enum class CellType {
  kText,
  kFlag,    ///< true or false
  kList,    ///< texts with ';' between them
  kObject,  ///< a JSON object
};

/// One column of the table of enrollments or groups (docs/import.md).
struct CsvColumn {
  std::string_view name;
  std::vector<std::string_view> path;  ///< members to go down through in a PUT body; none: whatever has no column
  CellType type = CellType::kText;
  bool secret = false;  ///< only in exports with secrets
};

/// The columns of a kind in the order of an export; the id first.
const std::vector<CsvColumn>& csv_columns(EnrollmentKind kind);

}  // namespace muster::model
