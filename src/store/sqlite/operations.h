#pragma once

#include <utility>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Register calls from 202 to their result. A device has at most one open operation. Errors as in Store.

/// Who is to be told when the transaction is committed; they refer to the end of the operation, which lives that long.
using CommitHooks = std::vector<std::move_only_function<void()>>;

/// The operation under way and, when it is a new one, the record as it was written. `end` may be null; what it
/// comes to is kept in `ending`.
Result<SharedOperationState> begin_operation(const Session& session, const InstanceId& instance,
                                             const model::Operation& operation, const model::Registration& record,
                                             EndAtOnce& end, std::optional<OperationEnd>& ending, CommitHooks& hooks);
Result<SharedOperationState> find_operation(const Session& session, const InstanceId& instance,
                                            const std::string& operation_id);
/// What was written.
Result<SharedOperationState> complete_operation(const Session& session, const InstanceId& instance,
                                                const std::string& operation_id, OperationEnd& end, CommitHooks& hooks);
/// The oldest first.
Result<std::vector<std::pair<InstanceId, model::Operation>>> open_operations(const Session& session, std::size_t limit);
/// At most `limit` of them, so that no commit grows without bound.
Result<std::size_t> purge_operations(const Session& session, TimePoint before, std::size_t limit);
/// The device's open operation stays pollable but takes no result any more.
Result<void> close_operations_of(const Session& session, const InstanceId& instance,
                                 const std::string& registration_key);

}  // namespace muster::store::sqlite
