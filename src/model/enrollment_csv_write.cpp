#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "model/csv_cell.h"
#include "model/csv_columns.h"
#include "model/enrollment_csv.h"
#include "wire/csv.h"

namespace muster::model {
namespace {

namespace json = boost::json;

constexpr std::string_view kLineEnd = "\r\n";  // RFC 4180 section 2, rule 1

bool is_left_out(const CsvColumn& column, ExportSecrets secrets) {
  return column.secret && secrets == ExportSecrets::kLeftOut;
}

/// The texts with ';' between them; empty when a text or the lack of any could not be read back.
std::string join_list(const json::array& list) {
  std::string out;
  for (const json::value& item : list) {
    const auto* text = item.if_string();
    if (text == nullptr || text->empty() || text->find(';') != json::string::npos) return {};
    if (!out.empty()) out.push_back(';');
    out += std::string_view(*text);
  }
  return out;
}

/// The cell of a value; empty when the column cannot hold it.
std::string cell_of(CellType type, const json::value& value) {
  switch (type) {
    case CellType::kText:
      return value.is_string() ? std::string(value.get_string()) : std::string();
    case CellType::kFlag:
      return !value.is_bool() ? "" : value.get_bool() ? "true" : "false";
    case CellType::kList:
      return value.is_array() ? join_list(value.get_array()) : std::string();
    case CellType::kObject:
      return value.is_object() ? json::serialize(value) : std::string();
  }
  return {};
}

/// Moves the member at `path` out of `source` into a cell. Objects that are empty afterwards go, and so does what else
/// is told of a certificate: its thumbprint names it.
std::string take(json::object& source, std::span<const std::string_view> path, CellType type) {
  json::value* member = source.if_contains(path.front());
  if (member == nullptr) return {};
  std::string cell;
  bool gone = false;
  if (path.size() == 1) {
    cell = cell_of(type, *member);
    gone = !cell.empty();
  } else if (member->is_object()) {
    cell = take(member->get_object(), path.subspan(1), type);
    gone = !cell.empty() && (member->get_object().empty() || path.front() == "info");
  }
  if (gone) source.stable_erase(path.front());
  return cell;
}

void append_guarded(std::string& out, const std::string& cell) {
  wire::append_csv_cell(out, needs_guard(cell) ? kGuard + cell : cell);
}

}  // namespace

std::string csv_header(EnrollmentKind kind, ExportSecrets secrets) {
  std::string out;
  for (const CsvColumn& column : csv_columns(kind)) {
    if (is_left_out(column, secrets)) continue;
    if (!out.empty()) out.push_back(',');
    out.append(column.name);
  }
  return out.append(kLineEnd);
}

std::string csv_row(const Enrollment& enrollment, ExportSecrets secrets) {
  json::object rest = to_export_json(enrollment, secrets);
  std::string out;
  for (const CsvColumn& column : csv_columns(enrollment.kind)) {
    if (is_left_out(column, secrets)) continue;
    if (!out.empty()) out.push_back(',');
    if (!column.path.empty()) {
      append_guarded(out, take(rest, column.path, column.type));
    } else if (!rest.empty()) {
      append_guarded(out, json::serialize(rest));
    }
  }
  return out.append(kLineEnd);
}

}  // namespace muster::model
