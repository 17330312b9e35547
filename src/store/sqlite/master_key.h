#pragma once

#include "store/sqlite/session.h"

namespace muster::store::sqlite {

/// Sees to it that one master key seals the whole database: the first one leaves a sealed mark, any other is refused
/// with kInternal before it can read or write anything.
Result<void> check_master_key(const Session& session);

/// Whether the database carries the mark of this master key; false when it has none yet. kInternal for another key's.
Result<bool> knows_master_key(const Session& session);

}  // namespace muster::store::sqlite
