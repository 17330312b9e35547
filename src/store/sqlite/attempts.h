#pragma once

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// What devices tried, newest last in the primary key. Errors as in Store.

Result<void> add_attempt(const Session& session, const InstanceId& instance, const model::Attempt& attempt);
Result<std::optional<model::Attempt>> find_attempt(const Session& session, const InstanceId& instance,
                                                   const std::string& tracking_id);
Result<Page<model::Attempt>> list_attempts(const Session& session, const InstanceId& instance,
                                           const AttemptFilter& filter, const std::string& before, std::size_t limit);
/// Drops attempts made before `before` and those beyond the newest `keep`, oldest first and at most `limit` of them, so
/// that no commit grows without bound.
Result<std::size_t> trim_attempts(const Session& session, const InstanceId& instance, TimePoint before,
                                  std::size_t keep, std::size_t limit);

}  // namespace muster::store::sqlite
