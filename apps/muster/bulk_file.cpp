#include "muster/bulk_file.h"

#include <set>

#include <fmt/format.h>

#include "model/enrollment_members.h"
#include "model/ids.h"
#include "model/json.h"
#include "wire/lines.h"

namespace muster::cli {
namespace {

using boost::json::array;

Result<array> read_lines(std::string_view text) {
  wire::LineReader lines(text);
  array entries;
  while (const auto line = lines.next()) {
    auto entry = model::parse_json_object(*line, fmt::format("Line {}", lines.line()));
    if (!entry) return std::unexpected(entry.error());
    entries.push_back(*std::move(entry));
  }
  return entries;
}

Result<array> read_entries(std::string_view text) {
  auto whole = model::parse_json(text, "The file");
  if (whole && whole->is_array()) return std::move(whole->get_array());
  if (text.find_first_not_of(" \t\r\n") != std::string_view::npos && text[text.find_first_not_of(" \t\r\n")] == '[') {
    return std::unexpected(whole ? Error{ErrorCode::kInvalidArgument, "The file is no list of entries."}
                                 : whole.error());
  }
  if (whole && whole->is_object()) return array{*std::move(whole)};
  return read_lines(text);
}

}  // namespace

Result<array> read_bulk_entries(model::EnrollmentKind kind, std::string_view text) {
  auto entries = read_entries(text);
  if (!entries) return entries;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const auto* entry = (*entries)[i].if_object();
    const auto id = entry != nullptr ? model::required_string(*entry, model::id_member(kind)) : invalid("is no object");
    if (!id) return invalid(fmt::format("Entry {}: {}", i + 1, id.error().message));
    if (!ids.insert(model::id_key(*id)).second)
      return invalid(fmt::format("Entry {}: {} stands there twice.", i + 1, *id));
  }
  return entries;
}

}  // namespace muster::cli
