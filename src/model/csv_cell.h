#pragma once

#include <string_view>

namespace muster::model {

/// Characters with which spreadsheets begin a formula, or which they drop in front of one, and the guard itself.
inline constexpr std::string_view kGuarded = "=+-@\t\r'";
inline constexpr char kGuard = '\'';

/// Whether an export has to put kGuard in front of the cell.
inline bool needs_guard(std::string_view cell) {
  return !cell.empty() && kGuarded.find(cell.front()) != std::string_view::npos;
}

/// The text of a cell that may have a guard. An apostrophe in front of anything else is text.
inline std::string_view without_guard(std::string_view cell) {
  if (cell.starts_with(kGuard) && needs_guard(cell.substr(1))) cell.remove_prefix(1);
  return cell;
}

}  // namespace muster::model
