#pragma once

#include <cstdlib>
#include <string>

#include "model/import_document.h"

// What both targets of imports check of any text.

namespace muster::fuzz {

using model::Enrollment;
using model::EnrollmentKind;
using model::ExportSecrets;
using model::ImportMode;
using model::TransferFormat;

inline SequenceRandom& random_source() {
  static SequenceRandom random;
  return random;
}

inline void expect_unchanged(EnrollmentKind kind, const boost::json::object& line, const Enrollment& entry) {
  const auto again =
      model::apply_import(kind, line, &entry, ImportMode::kCreateOrReplace, TimePoint(), random_source());
  if (!again || *again) std::abort();
}

/// What was made of a line is exported and comes back as it is, in both formats.
inline void round_trip(const Enrollment& entry, const boost::json::object& line) {
  expect_unchanged(entry.kind, line, entry);
  for (const ExportSecrets secrets : {ExportSecrets::kLeftOut, ExportSecrets::kIncluded}) {
    expect_unchanged(entry.kind, model::to_export_json(entry, secrets), entry);
    const std::string text = model::csv_header(entry.kind, secrets) + model::csv_row(entry, secrets);
    auto document = model::ImportDocument::open(entry.kind, TransferFormat::kCsv, text, 7);
    if (!document) std::abort();
    const auto record = document->next();
    if (!record || !record->members || record->line != 7) std::abort();
    expect_unchanged(entry.kind, *record->members, entry);
  }
}

inline void import_text(TransferFormat format, std::string_view text) {
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    auto document = model::ImportDocument::open(kind, format, text, std::nullopt);
    if (!document) continue;
    std::size_t line = 0;
    while (const auto record = document->next()) {
      if (record->line <= line) std::abort();
      line = record->line;
      const auto again = document->read_again(record->text);
      if (again.has_value() != record->members.has_value()) std::abort();
      if (!again) continue;
      if (*again != *record->members) std::abort();
      const auto made =
          model::apply_import(kind, *record->members, nullptr, ImportMode::kCreate, TimePoint(), random_source());
      if (made) round_trip(**made, *record->members);
    }
  }
}

/// Records (or faults) of a text that is read in two pieces, cut anywhere, are those of the whole.
template <class Reader, class Next>
void cut_text(std::string_view text, std::size_t cut, Next next) {
  // A mark that is cut in two is none, and one behind the mark would be one for the second piece.
  if (cut < wire::kByteOrderMark.size() || text.find(wire::kByteOrderMark, 1) <= wire::kByteOrderMark.size()) return;
  const auto lines_of = [&](Reader reader, std::string& out) {
    while (next(reader)) out += std::to_string(reader.line()) + ",";
    return reader;
  };
  std::string whole;
  std::string pieces;
  lines_of(Reader(text), whole);
  const Reader head = lines_of(Reader(text.substr(0, cut), 1, wire::TextEnd::kMayGrow), pieces);
  lines_of(Reader(text.substr(head.position()), head.next_line()), pieces);
  if (whole != pieces) std::abort();
}

}  // namespace muster::fuzz
