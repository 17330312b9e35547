#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/csv_cell.h"
#include "model/csv_columns.h"
#include "model/enrollment_csv.h"
#include "model/enrollment_members.h"
#include "model/json.h"

namespace muster::model {
namespace {

namespace json = boost::json;

std::string known_names(EnrollmentKind kind) {
  std::string out;
  for (const CsvColumn& column : csv_columns(kind)) out.append(out.empty() ? "" : ", ").append(column.name);
  return out;
}

/// The name as it may be repeated in a message: nothing but what a column could be called, and not much of it.
std::string shown(std::string_view name) {
  std::string out(name.substr(0, 64));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

const CsvColumn* find_column(EnrollmentKind kind, std::string_view name) {
  for (const CsvColumn& column : csv_columns(kind)) {
    if (equals_nocase(column.name, name)) return &column;
  }
  return nullptr;
}

json::array split_list(std::string_view cell) {
  json::array out;
  while (true) {
    const std::size_t end = std::min(cell.find(';'), cell.size());
    if (const std::string_view item = trim(cell.substr(0, end)); !item.empty()) out.emplace_back(item);
    if (end == cell.size()) return out;
    cell.remove_prefix(end + 1);
  }
}

Result<json::value> read_cell(const CsvColumn& column, std::string_view cell, const json::storage_ptr& storage) {
  switch (column.type) {
    case CellType::kText:
      return json::value(cell, storage);
    case CellType::kFlag:
      if (equals_nocase(cell, "true")) return json::value(true, storage);
      if (equals_nocase(cell, "false")) return json::value(false, storage);
      return invalid(fmt::format("{}: must be true or false", column.name));
    case CellType::kList:
      return json::value(split_list(cell), storage);
    case CellType::kObject:
      break;
  }
  auto object = parse_json_object(cell, fmt::format("{}: the cell", column.name), storage);
  if (!object) return std::unexpected(std::move(object).error());
  return json::value(*std::move(object), storage);
}

/// Sets what is not set yet; objects are joined.
void join(json::object& target, const json::object& more) {
  for (const auto& [name, value] : more) {
    auto& member = target[name];
    if (member.is_object() && value.is_object()) {
      join(member.get_object(), value.get_object());
    } else if (member.is_null()) {
      member = value;
    }
  }
}

void set(json::object& target, const CsvColumn& column, json::value value) {
  if (column.path.empty()) return join(target, value.get_object());
  json::object* at = &target;
  for (std::size_t i = 0; i + 1 < column.path.size(); ++i) {
    json::value& inner = (*at)[column.path[i]];
    if (!inner.is_object()) inner.emplace_object();
    at = &inner.get_object();
  }
  (*at)[column.path.back()] = std::move(value);
}

/// Who gives keys or certificates need not say what they are.
void imply_attestation_type(json::object& line) {
  json::value* attestation = line.if_contains("attestation");
  if (attestation == nullptr || !attestation->is_object() || attestation->get_object().contains("type")) return;
  for (const std::string_view type : {"symmetricKey", "x509", "tpm"}) {
    if (!attestation->get_object().contains(type)) continue;
    attestation->get_object()["type"] = type;
    return;
  }
}

}  // namespace

Result<EnrollmentTable> EnrollmentTable::from_header(EnrollmentKind kind, const std::vector<std::string>& header) {
  EnrollmentTable table;
  for (const std::string& cell : header) {
    const CsvColumn* column = find_column(kind, trim(cell));
    if (column == nullptr) {
      return invalid(
          fmt::format("The header has an unknown column '{}'; known are: {}.", shown(cell), known_names(kind)));
    }
    if (std::ranges::find(table.columns_, column) != table.columns_.end()) {
      return invalid(fmt::format("The header has the column {} twice.", column->name));
    }
    table.columns_.push_back(column);
  }
  if (std::ranges::find(table.columns_, &csv_columns(kind).front()) == table.columns_.end()) {
    return invalid(fmt::format("The header lacks the column {}.", id_member(kind)));
  }
  return table;
}

Result<json::object> EnrollmentTable::read_row(const std::vector<std::string>& cells,
                                               const json::storage_ptr& storage) const {
  if (cells.size() != columns_.size()) {
    return invalid(fmt::format("The record has {} cells, the header {}.", cells.size(), columns_.size()));
  }
  json::object line(storage);
  // `other` comes last whatever its place, so that a column counts more than it.
  for (const bool own : {true, false}) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const CsvColumn& column = *columns_[i];
      if (column.path.empty() == own || cells[i].empty()) continue;
      if (!is_utf8(cells[i])) return invalid(fmt::format("{}: is not UTF-8 text", column.name));
      auto value = read_cell(column, without_guard(cells[i]), storage);
      if (!value) return std::unexpected(std::move(value).error());
      set(line, column, *std::move(value));
    }
  }
  imply_attestation_type(line);
  return line;
}

}  // namespace muster::model
