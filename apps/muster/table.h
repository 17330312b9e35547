#pragma once

#include <string>
#include <vector>

#include <boost/json/value.hpp>

namespace muster::cli {

using Row = std::vector<std::string>;

/// The text with control characters as '?', so that a peer cannot drive the terminal.
std::string printable(std::string text);

/// Columns as wide as their widest text, two blanks apart, a line of dashes below the header; no trailing blanks.
/// Control characters are shown as '?', so that a peer cannot drive the terminal. Rows may be shorter than the header.
std::string format_table(const Row& header, const std::vector<Row>& rows);

/// The same without header and dashes.
std::string format_lines(const std::vector<Row>& rows);

/// One column of a list of objects.
struct Column {
  std::string title;
  std::vector<std::string> path;  ///< members to go down through
};

/// A table of a JSON array of objects; absent members are empty cells.
std::string format_list(const std::vector<Column>& columns, const boost::json::array& items);

/// An object as lines "path  value"; nested members as "a.b", arrays of plain values in one line.
std::string format_object(const boost::json::object& object);

/// JSON with two blanks per level and an end of line, members in the order of the value.
std::string pretty_json(const boost::json::value& value);

}  // namespace muster::cli
