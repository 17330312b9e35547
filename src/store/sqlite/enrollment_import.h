#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/sqlite/enrollment_row.h"
#include "store/sqlite/row_counter.h"
#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

/// An entry of an import, made ready so that the writer only has to write it.
struct PreparedEntry {
  std::string key;
  EnrollmentRow row;
  std::vector<std::string> links;         ///< of the new value
  std::vector<std::string> former_links;  ///< of what is replaced
  std::string replaces;                   ///< etag of what is replaced; empty: nothing is stored
  Counted counts_as = Counted::kEnrollment;
  std::optional<Counted> counted_before;  ///< of what is replaced
};

/// Seals and serialises an entry; without a connection, on any thread.
PreparedEntry prepare_entry(const crypto::Sealer& sealer, const InstanceId& instance, const ImportEntry& entry);

/// The outcome of each entry, in its place.
using ImportOutcomes = std::vector<Result<void>>;

/// Writes the entries as Store::import_enrollments says. Whatever an entry is refused for is found out before anything
/// of it is written, so that it needs no savepoint of its own; a failure of the database fails all.
Result<ImportOutcomes> import_enrollments(const Session& session, Transaction& transaction, RowCounter& counter,
                                          const InstanceId& instance, EnrollmentKind kind,
                                          const std::vector<PreparedEntry>& entries);

}  // namespace muster::store::sqlite
