#include "muster/table.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace muster::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kIndent = 2;

std::vector<Row> printable_rows(const std::vector<Row>& rows) {
  std::vector<Row> clean;
  for (const Row& row : rows) {
    std::ranges::transform(row, std::back_inserter(clean.emplace_back()),
                           [](const std::string& text) { return printable(text); });
  }
  return clean;
}

std::string line_of(const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + kGap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

bool is_plain(const boost::json::value& value) {
  return !value.is_object() && !value.is_array();
}

std::string cell_text(const boost::json::value& value) {
  if (value.is_null()) return "";
  if (const auto* text = value.if_string()) return std::string(*text);
  const auto* array = value.if_array();
  if (array == nullptr || !std::ranges::all_of(*array, is_plain)) return boost::json::serialize(value);
  std::string out;
  for (const auto& item : *array) out += (out.empty() ? "" : " ") + cell_text(item);
  return out;
}

std::string cell_at(const boost::json::value& item, const std::vector<std::string>& path) {
  const boost::json::value* value = &item;
  for (const std::string& member : path) {
    const auto* object = value->if_object();
    value = object == nullptr ? nullptr : object->if_contains(member);
    if (value == nullptr) return "";
  }
  return cell_text(*value);
}

void flatten(const std::string& prefix, const boost::json::object& object, std::vector<Row>& rows) {
  for (const auto& [key, value] : object) {
    const std::string path = prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
    if (const auto* inner = value.if_object(); inner != nullptr && !inner->empty()) {
      flatten(path, *inner, rows);
    } else {
      rows.push_back({path, cell_text(value)});
    }
  }
}

template <class Container, class WriteItem>
std::string bracketed(const Container& items, std::string_view brackets, std::size_t depth, WriteItem write) {
  if (items.empty()) return std::string(brackets);
  std::string out(1, brackets[0]);
  for (const auto& item : items) {
    out += out.size() == 1 ? "\n" : ",\n";
    out.append((depth + 1) * kIndent, ' ');
    out += write(item);
  }
  out += "\n";
  out.append(depth * kIndent, ' ');
  out += brackets[1];
  return out;
}

// Depth is bounded: values come from model::parse_json, which limits nesting.
std::string pretty(const boost::json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object()) {
    return bracketed(*object, "{}", depth, [&](const auto& member) {
      return boost::json::serialize(boost::json::string(member.key())) + ": " + pretty(member.value(), depth + 1);
    });
  }
  if (const auto* array = value.if_array()) {
    return bracketed(*array, "[]", depth, [&](const auto& item) { return pretty(item, depth + 1); });
  }
  return boost::json::serialize(value);
}

}  // namespace

std::string printable(std::string text) {
  for (char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) c = '?';
  }
  return text;
}

std::string format_table(const Row& header, const std::vector<Row>& rows) {
  std::vector<Row> lines = printable_rows(rows);
  lines.insert(lines.begin(), header);
  const std::vector<std::size_t> widths = widths_of(lines);
  Row dashes;
  for (const std::size_t width : widths) dashes.emplace_back(width, '-');
  lines.insert(lines.begin() + 1, std::move(dashes));

  std::string out;
  for (const Row& line : lines) out += line_of(line, widths);
  return out;
}

std::string format_lines(const std::vector<Row>& rows) {
  const std::vector<Row> lines = printable_rows(rows);
  const std::vector<std::size_t> widths = widths_of(lines);
  std::string out;
  for (const Row& line : lines) out += line_of(line, widths);
  return out;
}

std::string format_list(const std::vector<Column>& columns, const boost::json::array& items) {
  Row header;
  for (const Column& column : columns) header.push_back(column.title);
  std::vector<Row> rows;
  for (const auto& item : items) {
    Row& row = rows.emplace_back();
    for (const Column& column : columns) row.push_back(cell_at(item, column.path));
  }
  return format_table(header, rows);
}

std::string format_object(const boost::json::object& object) {
  std::vector<Row> rows;
  flatten("", object, rows);
  return format_lines(rows);
}

std::string pretty_json(const boost::json::value& value) {
  return pretty(value, 0) + "\n";
}

}  // namespace muster::cli
