#pragma once

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace muster::store::sqlite {

/// The schema this binary writes.
inline constexpr int kSchemaVersion = 9;

/// Makes the schema or brings an older one up to kSchemaVersion, in one transaction, and switches the file to the
/// write-ahead log. A file that is not ours is kInvalidArgument and is left untouched; a newer schema is kUnsupported.
Result<void> migrate(Connection& connection);

/// The schema version of a Muster database. Errors as for migrate; an empty file is not ours yet.
Result<int> schema_version(Connection& connection);

}  // namespace muster::store::sqlite
